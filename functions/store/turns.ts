// Turns: one process answers everybody on one thread, so work that takes long is done in short slices, and after each slice of
// all such work the event loop goes round some times. In between come uploads, health checks and answers of the store.

/** A slice: short beside what a person notices, long beside what a turn costs. */
const SLICE_MS = 8;

/**
 * How often the event loop goes round between two slices. Each time Node takes one new connection, in the order they were made:
 * with one round for each slice, a health check behind a thousand others would wait for a thousand slices. A round in which
 * nothing is to be done costs some microseconds.
 */
const ROUNDS = 16;

const waiting: (() => void)[] = [];

/** Resolves when it is the caller's turn: one caller is let on after some rounds of the event loop, in the order they came. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) goRound(ROUNDS);
  });
}

function goRound(rounds: number): void {
  setImmediate(() => {
    if (rounds > 1) {
      goRound(rounds - 1);
      return;
    }
    waiting.shift()?.();
    if (waiting.length > 0) goRound(ROUNDS);
  });
}

/** For loops, to be awaited in each of their rounds: once a slice is used up, gives way. Lanes of one work share it. */
export function takingTurns(): () => Promise<void> {
  let began = performance.now();
  let givingWay: Promise<void> | null = null;
  return async () => {
    if (givingWay === null && performance.now() - began < SLICE_MS) return;
    givingWay ??= nextTurn().then(() => {
      began = performance.now();
      givingWay = null;
    });
    await givingWay;
  };
}

/** Takes steps to their end, and gives way in between. */
export async function inTurns<T>(steps: Iterator<void, T>, turn: () => Promise<void>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await turn();
  }
}
