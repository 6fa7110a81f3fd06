// Turns: one process serves everybody on one thread. Requests start one after another, and long work runs in short slices.
// Between two of these the event loop makes a round, which handles new connections, health checks and responses of the store.

/** Length of a slice: short compared with what a person notices, long compared with the cost of a turn. */
const SLICE_MS = 8;

/** While requests wait, the time between two slices: many cheap requests must not wait for one slice each. */
const STARTS_MS = 4;

/**
 * Node accepts one new connection in each round of the event loop, in the order of their arrival. A health check after a
 * thousand others must not wait for a thousand turns. So there are no turns while clients connect, but for at most this many
 * rounds, which take longer than a slice.
 */
const ROUNDS_WHILE_CLIENTS_CONNECT = 128;

/** What waits for a turn: requests that write and slices of their work, requests that read, and slices of their work. */
export type Line = "writes" | "reads" | "work";

const lines: Readonly<Record<Line, (() => void)[]>> = { writes: [], reads: [], work: [] };

/** Requests of readers to the store that wait until new clients are accepted. */
const held: (() => void)[] = [];

let isGoingRound = false;
let hasClientConnected = false;
let isHolding = false;
let hadSlice = false;
let sliceEnded = 0;

/** To be called when a client has connected: the clients that connect at the same time are accepted before the next turn. */
export function clientConnected(): void {
  hasClientConnected = true;
  if (!isGoingRound) goRound();
}

/** Resolves when it is the caller's turn: in each round the first of each line continues. */
export function turnIn(line: Line): Promise<void> {
  return new Promise((resolve) => {
    lines[line].push(resolve);
    if (!isGoingRound) goRound();
  });
}

/** Resolves when the next slice of a reader's work may run. */
export const nextTurn = (): Promise<void> => turnIn("work");

/** Resolves at once or, while clients connect, when they are accepted: for requests whose responses cost time in each round. */
export async function afterNewClients(): Promise<void> {
  if (isHolding || hasClientConnected) await new Promise<void>((resolve) => held.push(resolve));
}

function goRound(rounds = 1): void {
  isGoingRound = true;
  setImmediate(() => {
    isHolding = hasClientConnected && rounds < ROUNDS_WHILE_CLIENTS_CONNECT;
    hasClientConnected = false;
    if (isHolding) {
      goRound(rounds + 1);
      return;
    }
    const next = takeNext();
    for (const proceed of [...held.splice(0), ...next]) proceed();
    if (next.length > 0) goRound();
    else isGoingRound = false;
  });
}

/** The first of each line. A slice is next if no request waits, or if requests have had `STARTS_MS` since the last slice. */
function takeNext(): readonly (() => void)[] {
  const now = performance.now();
  if (hadSlice) sliceEnded = now;
  const starts = [...lines.writes.splice(0, 1), ...lines.reads.splice(0, 1)];
  const slices = starts.length === 0 || now - sliceEnded >= STARTS_MS ? lines.work.splice(0, 1) : [];
  hadSlice = slices.length > 0;
  return [...starts, ...slices];
}

/** Gives a function for loops to await in each iteration: it yields once a slice is used up. Concurrent parts of one work share it. */
export function takingTurns(line: Line = "work"): () => Promise<void> {
  let began = performance.now();
  let yielding: Promise<void> | null = null;
  return async () => {
    if (yielding === null && performance.now() - began < SLICE_MS) return;
    yielding ??= turnIn(line).then(() => {
      began = performance.now();
      yielding = null;
    });
    await yielding;
  };
}

/** Runs steps to their end, and yields in between. */
export async function inTurns<T>(steps: Iterator<void, T>, turn: () => Promise<void>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await turn();
  }
}
