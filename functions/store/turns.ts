// Turns: one process answers everybody on one thread. Requests are started one after the other, and work that takes long is
// done in short slices; between two of these the event loop goes round. In between come new connections, health checks and
// answers of the store.

/** A slice: short beside what a person notices, long beside what a turn costs. */
const SLICE_MS = 8;

/**
 * In each round of the event loop Node takes one new connection, in the order they were made: a health check behind a thousand
 * others must not wait for a thousand turns. So there is no turn while clients connect, for so many rounds at most, which is
 * longer than a slice.
 */
const ROUNDS_WHILE_CLIENTS_CONNECT = 128;

/** What waits for a turn: requests that write or the slices of these, requests that read, and slices of their work. */
export type Line = "writes" | "reads" | "work";

const lines: Readonly<Record<Line, (() => void)[]>> = { writes: [], reads: [], work: [] };

let isGoingRound = false;
let hasClientConnected = false;

/** To be called when a client has connected: those who connect at the same time are taken before the next turn. */
export function clientConnected(): void {
  hasClientConnected = true;
}

/** Resolves when a request may be started: at once when nothing had a turn just before. */
export function turnToStart(line: "writes" | "reads"): Promise<void> {
  if (isGoingRound) return turnIn(line);
  goRound();
  return Promise.resolve();
}

/** Resolves when the next slice of a reader's work may be done. */
export const nextTurn = (): Promise<void> => turnIn("work");

function turnIn(line: Line): Promise<void> {
  return new Promise((resolve) => {
    lines[line].push(resolve);
    if (!isGoingRound) goRound();
  });
}

function goRound(rounds = 1): void {
  isGoingRound = true;
  setImmediate(() => {
    const areClientsConnecting = hasClientConnected;
    hasClientConnected = false;
    if (areClientsConnecting && rounds < ROUNDS_WHILE_CLIENTS_CONNECT) {
      goRound(rounds + 1);
      return;
    }
    const next = Object.values(lines).flatMap((line) => line.shift() ?? []);
    for (const letOn of next) letOn();
    if (next.length > 0) goRound();
    else isGoingRound = false;
  });
}

/** For loops, to be awaited in each of their rounds: once a slice is used up, gives way. Lanes of one work share it. */
export function takingTurns(line: Line = "work"): () => Promise<void> {
  let began = performance.now();
  let givingWay: Promise<void> | null = null;
  return async () => {
    if (givingWay === null && performance.now() - began < SLICE_MS) return;
    givingWay ??= turnIn(line).then(() => {
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
