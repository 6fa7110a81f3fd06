// Group commit: the runs of several requests share transactions. A transaction costs one fsync, whatever the number of its
// runs. So while one is being written, incoming requests wait, and share the next one. A request that comes alone does not
// wait. Each request is answered only when its own runs are durable.

import type { NewRun } from "../../../shared/cells/sample.ts";
import { AppError } from "../../../shared/errors.ts";
import type { RunStore } from "./runs.ts";

/** What adds runs. */
type RunAdder = Pick<RunStore, "add">;

type Statuses = Awaited<ReturnType<RunStore["add"]>>;

interface Waiting {
  readonly runs: readonly NewRun[];
  readonly resolve: (statuses: Statuses) => void;
  readonly reject: (error: unknown) => void;
}

/** Transactions that run at the same time: one is being written while the next is being sent. */
const CONCURRENCY = 2;

/** Runs of one call of the store; with more, the first of them would only wait longer for the last. */
const MAX_RUNS = 400;

/** The same store, whose `add` stores the runs of concurrent calls together. */
export function withGroupCommit<S extends RunAdder>(store: S): S {
  const waiting: Waiting[] = [];
  let running = 0;

  async function addGroups(): Promise<void> {
    running += 1;
    for (let group = nextGroup(waiting); group.length > 0; group = nextGroup(waiting)) await addGroup(store, group);
    running -= 1;
  }

  const addChunk = (runs: readonly NewRun[]) =>
    new Promise<Statuses>((resolve, reject) => {
      waiting.push({ runs, resolve, reject });
      if (running < CONCURRENCY) void addGroups();
    });

  return {
    ...store,
    // In chunks, each of which queues again, so that other uploads do not wait for all of a large one.
    add: async (runs) => {
      if (runs.length <= MAX_RUNS) return addChunk(runs);
      const statuses: Statuses[number][] = [];
      for (let from = 0; from < runs.length; from += MAX_RUNS) {
        statuses.push(...(await addChunk(runs.slice(from, from + MAX_RUNS))));
      }
      return statuses;
    },
  };
}

/** Takes requests from the queue, at least one if there is any. */
function nextGroup(waiting: Waiting[]): Waiting[] {
  let runs = 0;
  let size = 0;
  for (const request of waiting) {
    if (size > 0 && runs + request.runs.length > MAX_RUNS) break;
    runs += request.runs.length;
    size += 1;
  }
  return waiting.splice(0, size);
}

async function addGroup(store: RunAdder, group: readonly Waiting[]): Promise<void> {
  try {
    const statuses = await store.add(group.flatMap(({ runs }) => runs));
    let from = 0;
    for (const { runs, resolve } of group) {
      resolve(statuses.slice(from, from + runs.length));
      from += runs.length;
    }
  } catch (error) {
    // An AppError of the store is the same for all requests. Anything else may be due to one of them: the others go on alone.
    if (group.length === 1 || error instanceof AppError) for (const { reject } of group) reject(error);
    else for (const request of group) await addGroup(store, [request]);
  }
}
