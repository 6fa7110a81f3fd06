// Timing of many operations with a bounded number in flight, and percentiles of their latencies.

/** Milliseconds of each operation, and seconds from the first start to the last end. */
export interface Timing {
  readonly latencies: readonly number[];
  readonly seconds: number;
}

/** Runs `operate` over the inputs with `inFlight` clients, each of which starts its next operation when its last has ended. */
export async function timed<T>(
  inputs: Iterable<T>,
  inFlight: number,
  operate: (input: T) => Promise<void>,
): Promise<Timing> {
  const latencies: number[] = [];
  const iterator = inputs[Symbol.iterator]();
  const client = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      const started = performance.now();
      await operate(next.value);
      latencies.push(performance.now() - started);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, client));
  return { latencies, seconds: (performance.now() - started) / 1000 };
}

/** The smallest latency that at least the share `p` of all does not exceed, in nanoseconds. */
export function percentile({ latencies }: Timing, p: number): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return (sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0) * 1e6;
}

/** The middle one of some numbers; the upper one of two; 0 without numbers. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Reports progress on stderr: twice a second on a terminal, otherwise every ten seconds. */
export function progress(what: string, total: number): (done: number) => void {
  const { isTTY } = process.stderr;
  let last = performance.now();
  return (done) => {
    if (done < total && performance.now() - last < (isTTY ? 500 : 10_000)) return;
    last = performance.now();
    process.stderr.write(`  ${what}: ${done} of ${total}${isTTY && done < total ? "\r" : "\n"}`);
  };
}
