// Turns: one process answers everybody on one thread, so work that takes long is done in short slices, and one slice of all
// such work is done each time round the event loop. In between come uploads, health checks and answers of the store.

/** A slice: short beside what a person notices, long beside what a turn costs. */
const SLICE_MS = 8;

const waiting: (() => void)[] = [];

/** Resolves when it is the caller's turn: one caller is let on each time round the event loop, in the order they came. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(letOneOn);
  });
}

function letOneOn(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(letOneOn);
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
