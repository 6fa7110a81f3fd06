import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SweepDeps } from "../../../functions/service/wake-ups.ts";
import { startWorker, type Worker } from "../../../local/server/worker.ts";
import { SHARDS } from "../../../shared/deployment.ts";

// The worker decides when to aggregate, not how, so it gets a store without pending hosts that records the queried fleets.
let passes: string[];
let fleets: () => Promise<readonly string[]>;
let beforeMarks: (fleet: string) => Promise<void>;
let faults: unknown[];
let worker: Worker | undefined;

const unexpected = () => {
  throw new Error("must not be called without pending hosts");
};

const pendingHosts = {
  list: async (fleet: string, bucket: number) => {
    if (bucket === 0) {
      passes.push(fleet);
      await beforeMarks(fleet);
    }
    return [];
  },
  refresh: unexpected,
  clear: unexpected,
};
const statistics = {
  generations: unexpected,
  samples: unexpected,
  summaries: async () => [],
  commit: async () => [],
};
const deps: SweepDeps = {
  pendingHosts,
  statistics,
  fleets: () => fleets(),
  hostCounts: { refresh: async () => {} },
  clock: () => 0,
  backOff: async () => {},
};
const start = (pollMs = 1_000): Worker => {
  worker = startWorker(deps, { pollMs, quietMs: 0, patienceMs: 0, onError: (error) => faults.push(error) });
  return worker;
};

beforeEach(() => {
  vi.useFakeTimers();
  passes = [];
  faults = [];
  fleets = async () => ["a", "b"];
  beforeMarks = async () => {};
});
afterEach(async () => {
  await worker?.stop();
  vi.useRealTimers();
});

describe("the worker", () => {
  test("works off what a crash left when it starts, and polls for what a lost wake-up leaves", async () => {
    start();
    await vi.advanceTimersByTimeAsync(1);
    expect(passes).toEqual(["a", "b"]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(passes).toEqual(["a", "b", "a", "b", "a", "b"]);
  });

  test("a wake-up during a pass causes one more pass, never two at once", async () => {
    fleets = async () => [];
    let running = 0;
    let most = 0;
    beforeMarks = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 50));
      running -= 1;
    };
    const { wake } = start();
    wake("a");
    await vi.advanceTimersByTimeAsync(10);
    for (let times = 0; times < 5; times += 1) wake("a");
    await vi.advanceTimersByTimeAsync(500);
    expect(passes).toEqual(["a", "a"]);
    expect(most).toBe(1);
  });

  test("goes on with the other fleets and with the next poll after a fault", async () => {
    beforeMarks = async (fleet) => {
      if (fleet === "a") throw new Error("broken");
    };
    start();
    await vi.advanceTimersByTimeAsync(1);
    expect(passes).toEqual(["a", "b"]);
    expect(faults).toEqual([new Error("broken")]);
    beforeMarks = async () => {};
    fleets = async () => {
      throw new Error("away");
    };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(faults).toHaveLength(2);
    fleets = async () => ["a"];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(passes).toEqual(["a", "b", "a"]);
  });

  test("drains what is open, what comes in while it does, and nothing when there is nothing", async () => {
    const draining = start();
    await draining.drain();
    expect(passes.length).toBeGreaterThanOrEqual(2);
    passes = [];
    beforeMarks = async (fleet) => {
      await Promise.resolve();
      if (fleet === "a" && passes.length === 1) draining.wake("c");
    };
    await draining.drain();
    expect(passes).toEqual(["a", "b", "c"]);
  });

  test("finishes the pass that runs when it is stopped, and does nothing any more", async () => {
    let finished = false;
    beforeMarks = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      finished = true;
    };
    fleets = async () => ["a"];
    const { stop, wake } = start();
    await vi.advanceTimersByTimeAsync(1);
    wake("b");
    const stopped = stop();
    await vi.advanceTimersByTimeAsync(100);
    await stopped;
    expect(finished).toBe(true);
    wake("c");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(passes).toEqual(["a"]);
  });

  test("stopped while it asks for fleets, waits for the answer and reports no fault of a store that is closing", async () => {
    fleets = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new Error("closed");
    };
    const { stop } = start();
    await vi.advanceTimersByTimeAsync(1);
    let isStopped = false;
    const stopped = stop().then(() => {
      isStopped = true;
    });
    await vi.advanceTimersByTimeAsync(10);
    expect(isStopped).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    await stopped;
    expect(faults).toEqual([]);
  });
});

describe("uploads go first", () => {
  const startWaiting = (): Worker => {
    fleets = async () => [];
    worker = startWorker(deps, { pollMs: 3_600_000, quietMs: 100, patienceMs: 10_000, onError: (e) => faults.push(e) });
    return worker;
  };
  /** So many uploads, so many milliseconds apart. */
  async function upload({ wake }: Worker, times: number, apart: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      wake("a");
      await vi.advanceTimersByTimeAsync(apart);
    }
  }

  test("one alone is counted after a tenth of a second", async () => {
    await upload(startWaiting(), 1, 99);
    expect(passes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(passes).toEqual(["a"]);
  });

  test("a burst is not over when the disk hesitates, but when it was quiet for a second", async () => {
    const waiting = startWaiting();
    await upload(waiting, 65, 10);
    await vi.advanceTimersByTimeAsync(500);
    await upload(waiting, 1, 999);
    expect(passes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(passes).toEqual(["a"]);
    // The next one is alone again.
    await upload(waiting, 1, 100);
    expect(passes).toEqual(["a", "a"]);
  });

  test("one that begins during a pass is waited for as well", async () => {
    const waiting = startWaiting();
    beforeMarks = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await upload(waiting, 1, 100);
    await upload(waiting, 10, 20);
    expect(passes).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(80);
    expect(passes).toEqual(["a", "a"]);
    await vi.advanceTimersByTimeAsync(50);
  });

  test("one that never ends is counted after ten seconds all the same", async () => {
    await upload(startWaiting(), 199, 50);
    expect(passes).toEqual([]);
    await vi.advanceTimersByTimeAsync(50);
    expect(passes).toEqual(["a"]);
  });
});

test("a pass looks into every bucket", async () => {
  const buckets: number[] = [];
  fleets = async () => ["a"];
  const counting: SweepDeps["pendingHosts"] = {
    ...pendingHosts,
    list: async (_, bucket) => {
      buckets.push(bucket);
      return [];
    },
  };
  worker = startWorker(
    { ...deps, pendingHosts: counting },
    { pollMs: 1_000, quietMs: 0, patienceMs: 0, onError: (error) => faults.push(error) },
  );
  await worker.drain();
  expect(new Set(buckets)).toEqual(new Set(Array.from({ length: SHARDS }, (_, bucket) => bucket)));
});
