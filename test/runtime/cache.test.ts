// The cache: a value is computed once for everyone who asks at the same time, and expires, is evicted or changes its version.

import { beforeEach, describe, expect, test } from "vitest";
import { type Cache, makeCache } from "../../functions/runtime/cache.ts";

let now: number;
let made: string[];
let cache: Cache<string>;

beforeEach(() => {
  now = 1_000_000;
  made = [];
  cache = makeCache<string>({
    now: () => now,
    ttlMs: (value) => (value.startsWith("for ever") ? Number.POSITIVE_INFINITY : 10_000),
    measureSize: (value) => value.length,
    maxSize: 100,
  });
});

const ask = (key: string, value = `value of ${key}`) =>
  cache.get(key, async () => {
    made.push(key);
    return value;
  });

test("is made once for those who ask at once, and for those who come within its time", async () => {
  expect(await Promise.all([ask("a"), ask("a"), ask("b")])).toEqual(["value of a", "value of a", "value of b"]);
  now += 9_999;
  await ask("a");
  expect(made).toEqual(["a", "b"]);
  now += 1;
  await ask("a");
  expect(made).toEqual(["a", "b", "a"]);
});

test("does not last longer because the clock was set back, unless it is for ever", async () => {
  await ask("a");
  await ask("b", "for ever");
  now -= 3_600_000;
  await Promise.all([ask("a"), ask("b")]);
  now += 400 * 86_400_000;
  await ask("b");
  expect(made).toEqual(["a", "b", "a"]);
});

test("a failure is told to all who wait, and not kept", async () => {
  const fail = () => cache.get("a", () => Promise.reject(new Error("no")));
  const outcomes = await Promise.allSettled([fail(), fail()]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await ask("a")).toBe("value of a");
});

test("holds no more than it may, and forgets what was asked for the longest ago", async () => {
  for (const key of ["a", "b", "c"]) await ask(key, "x".repeat(30));
  await ask("a");
  await ask("d", "x".repeat(30));
  made = [];
  for (const key of ["a", "c", "d"]) await ask(key);
  expect(made).toEqual([]);
  await ask("b");
  expect(made).toEqual(["b"]);
  await ask("large", "x".repeat(200));
  await ask("large");
  expect(made).toEqual(["b", "large", "large"]);
});

test("a cleared value is computed again; one that was being computed reaches those who asked for it, and is not cached", async () => {
  await ask("a");
  let finish = () => {};
  const slow = cache.get("b", () => new Promise((resolve) => (finish = () => resolve("slow"))));
  cache.clear();
  expect(await ask("b", "new")).toBe("new");
  finish();
  expect(await slow).toBe("slow");
  expect([await ask("a"), await ask("b")]).toEqual(["value of a", "new"]);
  expect(made).toEqual(["a", "b", "a"]);
});

// Values under versions, as cells are cached.

/** A cache of texts under versions, and what had to be read. */
function versionedCache(maxSize: number) {
  const cache = makeCache<{ text: string; bytes: number }>({
    maxSize,
    measureSize: ({ bytes }) => bytes,
    entrySize: 1_000,
  });
  const read: string[] = [];
  const get = async (key: string, version = "1", bytes = 1e6) => {
    const compute = async () => {
      read.push(`${key}@${version}`);
      return { text: `${key}@${version}`, bytes };
    };
    return (await cache.get(key, compute, version)).text;
  };
  return { cache, get, read };
}

test("a value is not read again while its version stays", async () => {
  const { get, read } = versionedCache(10e6);
  expect(await get("a")).toBe("a@1");
  expect(await get("a")).toBe("a@1");
  expect(read).toEqual(["a@1"]);
});

test("another version is read again, and so is the old one afterwards: no one gets cells that have changed", async () => {
  const { get, read } = versionedCache(10e6);
  await get("a", "1");
  expect(await get("a", "2")).toBe("a@2");
  expect(await get("a", "1")).toBe("a@1");
  expect(read).toEqual(["a@1", "a@2", "a@1"]);
});

test("the least recently used value is evicted first, whenever it was read", async () => {
  const { get, read } = versionedCache(4.5e6);
  for (const key of ["a", "b", "c"]) await get(key);
  await get("a");
  await get("d");
  await get("e");
  read.length = 0;
  for (const key of ["a", "d", "e"]) await get(key);
  expect(read).toEqual([]);
  await get("b");
  expect(read).toEqual(["b@1"]);
});

test("a value of another version replaces the old one, and is evicted last", async () => {
  const { get, read } = versionedCache(3.5e6);
  await get("a");
  await get("b");
  for (const version of ["2", "3", "4", "5"]) await get("a", version);
  read.length = 0;
  await get("b");
  expect(read).toEqual([]);
});

test("a cache without room caches nothing, and gives the right values", async () => {
  const { get, read } = versionedCache(0);
  for (let time = 0; time < 3; time += 1) expect(await get("a")).toBe("a@1");
  expect(read).toEqual(["a@1", "a@1", "a@1"]);
});

test("a value that is larger than the cache evicts nothing", async () => {
  const { get, read } = versionedCache(5e6);
  await get("a");
  await get("b");
  expect(await get("huge", "1", 5e6 + 1)).toBe("huge@1");
  read.length = 0;
  await get("a");
  await get("b");
  expect(read).toEqual([]);
  await get("huge", "1", 5e6 + 1);
  expect(read).toEqual(["huge@1"]);
});

test("a value that grew too large leaves no older version behind", async () => {
  const { get, read } = versionedCache(5e6);
  await get("a");
  await get("a", "2", 5e6 + 1);
  expect(await get("a", "1")).toBe("a@1");
  expect(read).toEqual(["a@1", "a@2", "a@1"]);
});

test("empty values take room as well: ever new keys do not fill the process", async () => {
  const { get, read } = versionedCache(1e6);
  for (let question = 0; question < 10_000; question += 1) await get(`question ${question}`, "1", 0);
  read.length = 0;
  await get("question 0", "1", 0);
  expect(read).toEqual(["question 0@1"]);
});

describe("a value that cannot be read", () => {
  test("is not cached, and read again the next time", async () => {
    const { cache, get, read } = versionedCache(10e6);
    await expect(cache.get("a", () => Promise.reject(new Error("busy")), "1")).rejects.toThrow("busy");
    expect(await get("a")).toBe("a@1");
    expect(read).toEqual(["a@1"]);
  });

  test("under a new version does not make the old value the new one", async () => {
    const { cache, get } = versionedCache(10e6);
    await get("a", "1");
    await expect(cache.get("a", () => Promise.reject(new Error("busy")), "2")).rejects.toThrow("busy");
    expect(await get("a", "2")).toBe("a@2");
  });
});

test("of two concurrent reads the slower one, of the older version, leaves no old value under the new version", async () => {
  const { cache, get } = versionedCache(10e6);
  let finish = () => {};
  const slow = cache.get(
    "a",
    () =>
      new Promise((resolve) => {
        finish = () => resolve({ text: "a@1", bytes: 1e6 });
      }),
    "1",
  );
  expect(await get("a", "2")).toBe("a@2");
  finish();
  expect((await slow).text).toBe("a@1");
  expect(await get("a", "2")).toBe("a@2");
});
