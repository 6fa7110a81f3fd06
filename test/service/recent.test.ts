// What was worked out a moment ago: shared by all who ask meanwhile, and no longer believed than it may be.

import { beforeEach, expect, test } from "vitest";
import { makeRecent, type Recent } from "../../functions/service/recent.ts";

let now: number;
let made: string[];
let recent: Recent<string>;

beforeEach(() => {
  now = 1_000_000;
  made = [];
  recent = makeRecent({
    clock: () => now,
    keptMs: (value) => (value.startsWith("for ever") ? Number.POSITIVE_INFINITY : 10_000),
    sizeOf: (value) => value.length,
    mostSize: 100,
  });
});

const ask = (key: string, value = `value of ${key}`) =>
  recent.get(key, async () => {
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
  const fail = () => recent.get("a", () => Promise.reject(new Error("no")));
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
