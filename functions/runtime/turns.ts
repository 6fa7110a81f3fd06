// Turns: one process answers everybody on one thread. Requests are started one after the other, and work that takes long is
// done in short slices; between two of these the event loop goes round. In between come new connections, health checks and
// answers of the store.

/** A slice: short beside what a person notices, long beside what a turn costs. */
const SLICE_MS = 8;

/** What requests that wait have of the time between two slices: many that cost little must not wait for a slice each. */
const STARTS_MS = 4;

/**
 * In each round of the event loop Node takes one new connection, in the order they were made: a health check behind a thousand
 * others must not wait for a thousand turns. So there is no turn while clients connect, for so many rounds at most, which is
 * longer than a slice.
 */
const ROUNDS_WHILE_CLIENTS_CONNECT = 128;

/** What waits for a turn: requests that write or the slices of these, requests that read, and slices of their work. */
export type Line = "writes" | "reads" | "work";

const lines: Readonly<Record<Line, (() => void)[]>> = { writes: [], reads: [], work: [] };

/** Requests of readers to the store that wait until new clients are taken. */
const held: (() => void)[] = [];

let isGoingRound = false;
let hasClientConnected = false;
let isHolding = false;
let hadSlice = false;
let sliceEnded = 0;

/** To be called when a client has connected: those who connect at the same time are taken before the next turn. */
export function clientConnected(): void {
  hasClientConnected = true;
  if (!isGoingRound) goRound();
}

/** Resolves when it is the caller's turn: in each round the first of each line is let on. */
export function turnIn(line: Line): Promise<void> {
  return new Promise((resolve) => {
    lines[line].push(resolve);
    if (!isGoingRound) goRound();
  });
}

/** Resolves when the next slice of a reader's work may be done. */
export const nextTurn = (): Promise<void> => turnIn("work");

/** Resolves at once, or while clients connect when these are taken: for what makes work in each round while it is under way. */
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
    const next = nextOfLines();
    for (const letOn of [...held.splice(0), ...next]) letOn();
    if (next.length > 0) goRound();
    else isGoingRound = false;
  });
}

/** The first of each line. A slice comes when no request waits, or when requests have had some time since the last one ended. */
function nextOfLines(): readonly (() => void)[] {
  const now = performance.now();
  if (hadSlice) sliceEnded = now;
  const starts = [...lines.writes.splice(0, 1), ...lines.reads.splice(0, 1)];
  const slices = starts.length === 0 || now - sliceEnded >= STARTS_MS ? lines.work.splice(0, 1) : [];
  hadSlice = slices.length > 0;
  return [...starts, ...slices];
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
