import { expect, test } from "vitest";
import { mapConcurrent } from "../../functions/runtime/map-concurrent.ts";

const wait = (turns: number) => (turns === 0 ? Promise.resolve() : new Promise((done) => setImmediate(done)));

test("no more is under way at a time than told, and the results are in the order of the items", async () => {
  let underWay = 0;
  let most = 0;
  const results = await mapConcurrent([5, 1, 4, 0, 3, 2, 6], 3, async (item) => {
    underWay += 1;
    most = Math.max(most, underWay);
    for (let turn = 0; turn < item; turn += 1) await wait(turn + 1);
    underWay -= 1;
    return item * 10;
  });
  expect(results).toEqual([50, 10, 40, 0, 30, 20, 60]);
  expect(most).toBe(3);
});

test("nothing to do is done", async () => {
  expect(await mapConcurrent([], 4, () => Promise.reject(new Error("never asked")))).toEqual([]);
});

test("after a failure nothing further is begun: a store that refuses is not asked a thousand times more", async () => {
  const begun: number[] = [];
  const failing = mapConcurrent([0, 1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    await wait(1);
    if (item === 1) throw new Error("refused");
  });
  await expect(failing).rejects.toThrow("refused");
  await wait(1);
  expect(begun.length).toBeLessThan(5);
});
