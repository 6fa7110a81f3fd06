// Group commit: runs of many requests in shared transactions. A transaction costs one fsync however many runs it holds, so
// while one is being written, the requests that come in wait and go into the next one together. A single request alone waits
// for nothing. Each is still answered only when its own runs are durable.

import type { NewRun } from "../../shared/cells/sample.ts";
import { AppError } from "../../shared/errors.ts";
import type { RunStore } from "./runs.ts";

/** What adds runs. */
type RunAdder = Pick<RunStore, "add">;

type Statuses = Awaited<ReturnType<RunStore["add"]>>;

interface Waiting {
  readonly runs: readonly NewRun[];
  readonly resolve: (statuses: Statuses) => void;
  readonly reject: (error: unknown) => void;
}

/** Transactions under way at once: one is being written while the next is being sent. */
const LANES = 2;

/** Runs that go into one call of the store; more only make the first of them wait for the last. */
const MAX_RUNS = 400;

/** The same store, with runs of requests that come in at the same time added together. */
export function withGroupCommit<S extends RunAdder>(store: S): S {
  const waiting: Waiting[] = [];
  let lanes = 0;

  async function workLane(): Promise<void> {
    lanes += 1;
    for (let group = nextGroup(waiting); group.length > 0; group = nextGroup(waiting)) await addGroup(store, group);
    lanes -= 1;
  }

  const addPiece = (runs: readonly NewRun[]) =>
    new Promise<Statuses>((resolve, reject) => {
      waiting.push({ runs, resolve, reject });
      if (lanes < LANES) void workLane();
    });

  return {
    ...store,
    // In pieces, each of which queues again: so the uploads of others do not wait for all of a large one.
    add: async (runs) => {
      if (runs.length <= MAX_RUNS) return addPiece(runs);
      const statuses: Statuses[number][] = [];
      for (let from = 0; from < runs.length; from += MAX_RUNS) {
        statuses.push(...(await addPiece(runs.slice(from, from + MAX_RUNS))));
      }
      return statuses;
    },
  };
}

/** Takes requests off the queue, at least one if there is any. */
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
    // The store's own refusal meets all alike; anything else may be the fault of one request, which must not be the others'.
    if (group.length === 1 || error instanceof AppError) for (const { reject } of group) reject(error);
    else for (const request of group) await addGroup(store, [request]);
  }
}
