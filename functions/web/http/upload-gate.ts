// The gate between reading an upload and working on it: so many bytes of uploads are worked on at once, which holds memory
// down. A body is read before its turn comes, so that a slow line takes nobody's, and unpacked within it. Small uploads, which
// are those of hosts, never wait for large ones, and tokens take turns: one that sends much only waits for itself.

import type { Context } from "hono";
import { AppError } from "../../../shared/errors.ts";
import type { IngestDeps } from "../routes/ingest.ts";
import type { HttpEnv } from "./app.ts";
import { tokenOf } from "./auth.ts";
import { type BodyLimit, type BodyText, bodyText, receiveBody, textWithin } from "./body.ts";

/** What is small: some hundred results, not packed. */
const SMALL_BYTES = 65_536;

/** Bytes of small uploads that are worked on at once. Each counts as a few kB at least, for its request takes those. */
const SMALL_AT_ONCE = 1_048_576;
const MIN_COUNTED = 4_096;

/**
 * Bytes of small uploads that wait, as they were sent. So many have room that no burst of lines meets this: one machine takes
 * 8 192 connections, which is half of it at `MIN_COUNTED` each.
 */
const SMALL_WAITING = 64 * 1_048_576;

/** Large uploads that are worked on at once. Each holds ten thousand results at most, some ten kB each while it is read. */
const LARGE_AT_ONCE = 1;

/** Bytes of large uploads that wait, as they were sent, and how many may wait of one token. */
const LARGE_WAITING = 32 * 1_048_576;
const LARGE_WAITING_OF_TOKEN = 8;

/** A large upload waits so long for its turn; then it is told to come again. Small ones wait as long as it takes. */
const PATIENCE_MS = 10_000;

/** Waits for a turn; gives what is to be called when the work is done. Throws `slow_down` where too much waits already. */
export interface UploadGate {
  /** For an upload of so many bytes as sent, at most 64 KiB whether packed or not. */
  small(tokenId: string, bytes: number, isPacked: boolean): Promise<() => void>;
  /** For one of any size. Throws `slow_down` as well when its turn does not come. */
  large(tokenId: string, bytes: number): Promise<() => void>;
}

/** A gate for all uploads of one process. */
export function makeUploadGate(patienceMs = PATIENCE_MS): UploadGate {
  const small = makeQueue({
    room: SMALL_AT_ONCE,
    heldBytes: SMALL_WAITING,
    ofToken: Number.POSITIVE_INFINITY,
    patienceMs: null,
  });
  const large = makeQueue({
    room: LARGE_AT_ONCE,
    heldBytes: LARGE_WAITING,
    ofToken: LARGE_WAITING_OF_TOKEN,
    patienceMs,
  });
  return {
    small: (tokenId, bytes, isPacked) => {
      const held = Math.max(bytes, MIN_COUNTED);
      return small(tokenId, { held, cost: isPacked ? SMALL_BYTES : held });
    },
    large: (tokenId, bytes) => large(tokenId, { held: Math.max(bytes, MIN_COUNTED), cost: 1 }),
  };
}

interface QueueLimits {
  /** What may be let in at once, by its cost; one is always let in. */
  readonly room: number;
  /** Bytes that those who wait may hold together. */
  readonly heldBytes: number;
  /** How many may wait of one token. */
  readonly ofToken: number;
  /** How long each waits; null for as long as it takes. */
  readonly patienceMs: number | null;
}

interface Size {
  /** Bytes that it holds while it waits. */
  readonly held: number;
  /** What it takes of the room while it is worked on. */
  readonly cost: number;
}

interface Waiting extends Size {
  readonly letIn: () => void;
  readonly refuse: (words: string) => void;
}

const heldBy = (line: readonly Waiting[]): number => line.reduce((sum, { held }) => sum + held, 0);

/** A queue in which tokens take turns, and the uploads of each come in their order. */
function makeQueue(limits: QueueLimits): (tokenId: string, size: Size) => Promise<() => void> {
  /** Who waits, by token; the token whose turn is next comes first. No line is empty. */
  const lines = new Map<string, Waiting[]>();
  let taken = 0;
  let held = 0;

  function letIn(): void {
    for (const [tokenId, line] of lines) {
      const [first] = line;
      if (first === undefined || (taken > 0 && taken + first.cost > limits.room)) return;
      remove(tokenId, first);
      if (lines.delete(tokenId) && line.length > 0) lines.set(tokenId, line);
      taken += first.cost;
      first.letIn();
    }
  }

  function remove(tokenId: string, one: Waiting): void {
    const line = lines.get(tokenId) ?? [];
    line.splice(line.indexOf(one), 1);
    held -= one.held;
    if (line.length === 0) lines.delete(tokenId);
  }

  /** Refuses the last of the token that holds the most. */
  function refuseOne(): void {
    const [most] = [...lines].sort(([, a], [, b]) => heldBy(b) - heldBy(a));
    const last = most?.[1].at(-1);
    if (most === undefined || last === undefined) return;
    remove(most[0], last);
    last.refuse("more uploads of this token wait than there is room for");
  }

  return (tokenId, size) =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        taken -= size.cost;
        letIn();
      };
      const giveUp = (): void => {
        remove(tokenId, one);
        one.refuse("other large uploads are being stored");
      };
      const patience = limits.patienceMs === null ? undefined : setTimeout(giveUp, limits.patienceMs);
      const one: Waiting = {
        ...size,
        letIn: () => {
          clearTimeout(patience);
          resolve(leave);
        },
        refuse: (words) => {
          clearTimeout(patience);
          reject(new AppError("slow_down", `${words}; send the same again, nothing was stored`));
        },
      };
      const line = lines.get(tokenId) ?? [];
      if (line.length >= limits.ofToken) {
        one.refuse(`${line.length} large uploads of this token wait already`);
        return;
      }
      line.push(one);
      lines.set(tokenId, line);
      held += one.held;
      letIn();
      while (held > limits.heldBytes) refuseOne();
    });
}

/**
 * Reads an upload, and works on it when it is its turn. Throws `slow_down` before anything is read when its token has used up
 * what it may store today, and after that when too much waits; and what reading throws.
 */
export async function inUploadTurn(
  c: Context<HttpEnv>,
  { gate, budget }: Pick<IngestDeps, "gate" | "budget">,
  limit: BodyLimit,
  work: (body: BodyText) => Promise<Response>,
): Promise<Response> {
  const { id } = tokenOf(c);
  budget.rejectSpent(id);
  const sent = await receiveBody(c.req.raw, limit);
  const { length } = sent.bytes;
  if (length <= SMALL_BYTES) {
    const answer = await inTurn(gate.small(id, length, sent.isPacked), async () => {
      const body = await textWithin(sent, SMALL_BYTES);
      return body === null ? null : work(body);
    });
    if (answer !== null) return answer;
  }
  return inTurn(gate.large(id, length), async () => work(await bodyText(sent)));
}

async function inTurn<T>(turn: Promise<() => void>, work: () => Promise<T>): Promise<T> {
  const leave = await turn;
  try {
    return await work();
  } finally {
    leave();
  }
}
