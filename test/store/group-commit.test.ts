import { describe, expect, test } from "vitest";
import { withGroupCommit } from "../../functions/store/runs/group-commit.ts";
import type { RunStore } from "../../functions/store/runs/runs.ts";
import type { NewRun } from "../../shared/cells/sample.ts";
import { toSample } from "../../shared/cells/sample.ts";
import { AppError } from "../../shared/errors.ts";
import { runOf } from "../support/runs.ts";

const newRun = (number: number): NewRun => {
  const run = runOf({ number });
  return { run, sample: toSample(run) };
};

/** A store whose `add` is the one given; nothing else of it is asked for. */
const storeWith = (add: RunStore["add"]) => ({ add });

/** Records the groups it is given and answers each a turn later; a run of `bad` fails its whole group. */
function recorder(bad: { id: string; error: Error } | null = null) {
  const groups: string[][] = [];
  const store = withGroupCommit(
    storeWith(async (runs) => {
      groups.push(runs.map(({ run }) => run.id));
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (bad !== null && runs.some(({ run }) => run.id === bad.id)) throw bad.error;
      return runs.map(({ run }, index) =>
        runs.findIndex((other) => other.run.id === run.id) === index ? "stored" : "duplicate",
      );
    }),
  );
  return { groups, store };
}

describe("requests that come in at the same time", () => {
  test("a request alone is written at once", async () => {
    const { groups, store } = recorder();
    expect(await store.add([newRun(1)])).toEqual(["stored"]);
    expect(groups).toHaveLength(1);
  });

  test("the first two start at once, the other 62 share the next transactions, and everybody gets their own answer", async () => {
    const { groups, store } = recorder();
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, number) => store.add([newRun(number), newRun(number)])),
    );
    expect(answers).toEqual(Array.from({ length: 64 }, () => ["stored", "duplicate"]));
    expect(groups.map((group) => group.length)).toEqual([2, 2, 124]);
  });

  test("one enormous request does not make one enormous group of all", async () => {
    const { groups, store } = recorder();
    const large = Array.from({ length: 390 }, (_, number) => newRun(number));
    await Promise.all([store.add([newRun(1)]), store.add([newRun(2)]), store.add(large), store.add(large)]);
    expect(groups.map((group) => group.length)).toEqual([1, 1, 390, 390]);
  });

  test("a request that breaks the store breaks nobody else's", async () => {
    const { store } = recorder({ id: newRun(5).run.id, error: new Error("not an item") });
    const answers = await Promise.allSettled(Array.from({ length: 10 }, (_, number) => store.add([newRun(number)])));
    expect(answers.map(({ status }) => status)).toEqual(
      Array.from({ length: 10 }, (_, number) => (number === 5 ? "rejected" : "fulfilled")),
    );
  });

  test("a store that cannot be reached is asked once for a group, and all of it hear so", async () => {
    const { groups, store } = recorder({ id: newRun(5).run.id, error: new AppError("unavailable", "not there") });
    const answers = await Promise.allSettled(Array.from({ length: 10 }, (_, number) => store.add([newRun(number)])));
    expect(groups).toHaveLength(3);
    expect(answers.filter(({ status }) => status === "rejected")).toHaveLength(8);
  });
});
