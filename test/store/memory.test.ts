import { describe, expect, test } from "vitest";
import { makeMemory } from "../../functions/store/memory.ts";

/** A memory of texts, and what had to be read. */
function memoryOf(mostBytes: number) {
  const memory = makeMemory<string>(mostBytes);
  const read: string[] = [];
  const recall = (key: string, stamp = "1", bytes = 1e6) =>
    memory.recall(key, stamp, async () => {
      read.push(`${key}@${stamp}`);
      return { value: `${key}@${stamp}`, bytes };
    });
  return { memory, recall, read };
}

test("what was read is given again without reading, while its stamp stands", async () => {
  const { recall, read } = memoryOf(10e6);
  expect(await recall("a")).toBe("a@1");
  expect(await recall("a")).toBe("a@1");
  expect(read).toEqual(["a@1"]);
});

test("another stamp reads again, and so does the old one afterwards: nobody is given cells that have changed", async () => {
  const { recall, read } = memoryOf(10e6);
  await recall("a", "1");
  expect(await recall("a", "2")).toBe("a@2");
  expect(await recall("a", "1")).toBe("a@1");
  expect(read).toEqual(["a@1", "a@2", "a@1"]);
});

test("what was not asked for the longest is forgotten first, whenever it was read", async () => {
  const { recall, read } = memoryOf(4.5e6);
  for (const key of ["a", "b", "c"]) await recall(key);
  await recall("a");
  await recall("d");
  await recall("e");
  read.length = 0;
  for (const key of ["a", "d", "e"]) await recall(key);
  expect(read).toEqual([]);
  await recall("b");
  expect(read).toEqual(["b@1"]);
});

test("a new reading under another stamp takes the room of the old one, and is the last to be forgotten", async () => {
  const { recall, read } = memoryOf(3.5e6);
  await recall("a");
  await recall("b");
  for (const stamp of ["2", "3", "4", "5"]) await recall("a", stamp);
  read.length = 0;
  await recall("b");
  expect(read).toEqual([]);
});

test("in a memory without room everything is forgotten at once, and everything is right", async () => {
  const { recall, read } = memoryOf(0);
  for (let time = 0; time < 3; time += 1) expect(await recall("a")).toBe("a@1");
  expect(read).toEqual(["a@1", "a@1", "a@1"]);
});

test("a value that is larger than the memory pushes nothing else out", async () => {
  const { recall, read } = memoryOf(5e6);
  await recall("a");
  await recall("b");
  expect(await recall("huge", "1", 5e6 + 1)).toBe("huge@1");
  read.length = 0;
  await recall("a");
  await recall("b");
  expect(read).toEqual([]);
  await recall("huge", "1", 5e6 + 1);
  expect(read).toEqual(["huge@1"]);
});

test("a reading that grew too large leaves nothing of its old self behind", async () => {
  const { recall, read } = memoryOf(5e6);
  await recall("a");
  await recall("a", "2", 5e6 + 1);
  expect(await recall("a", "1")).toBe("a@1");
  expect(read).toEqual(["a@1", "a@2", "a@1"]);
});

test("questions about nothing take room as well: whoever asks for ever, in ever new ways, does not fill the process", async () => {
  const { recall, read } = memoryOf(1e6);
  for (let question = 0; question < 10_000; question += 1) await recall(`question ${question}`, "1", 0);
  read.length = 0;
  await recall("question 0", "1", 0);
  expect(read).toEqual(["question 0@1"]);
});

describe("a reading that fails", () => {
  test("is not kept, and the next question reads again", async () => {
    const { memory, recall, read } = memoryOf(10e6);
    await expect(memory.recall("a", "1", () => Promise.reject(new Error("busy")))).rejects.toThrow("busy");
    expect(await recall("a")).toBe("a@1");
    expect(read).toEqual(["a@1"]);
  });

  test("under a new stamp does not make the old reading the new one", async () => {
    const { memory, recall } = memoryOf(10e6);
    await recall("a", "1");
    await expect(memory.recall("a", "2", () => Promise.reject(new Error("busy")))).rejects.toThrow("busy");
    expect(await recall("a", "2")).toBe("a@2");
  });
});

test("two that read at once, of which the slower one has the older stamp, leave no old reading under a new stamp", async () => {
  const { memory, recall } = memoryOf(10e6);
  let finish = () => {};
  const slow = memory.recall(
    "a",
    "1",
    () =>
      new Promise((resolve) => {
        finish = () => resolve({ value: "a@1", bytes: 1e6 });
      }),
  );
  expect(await recall("a", "2")).toBe("a@2");
  finish();
  expect(await slow).toBe("a@1");
  expect(await recall("a", "2")).toBe("a@2");
});
