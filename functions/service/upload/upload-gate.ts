// The gate of uploads: it limits the bytes of uploads that are processed at once, and so the memory they take. A body is
// received before it enters the gate, so that a slow connection takes nobody's turn, and unpacked inside. Small uploads, which
// hosts send, never wait for large ones. Tokens take turns: a token that sends much waits only for itself.

import { AppError } from "../../../shared/errors.ts";

/** The maximum bytes of a small upload, before and after it is unpacked: some hundred results. */
export const SMALL_BYTES = 65_536;

/** Bytes of small uploads that are processed at once. Each counts as `MIN_COUNTED` at least, for its request takes memory too. */
const SMALL_AT_ONCE = 1_048_576;
const MIN_COUNTED = 4_096;

/**
 * Bytes of small uploads that may wait, as sent. No burst of connections reaches it: one machine accepts 8 192 of them, which
 * is half of it at `MIN_COUNTED` each.
 */
const SMALL_WAITING = 64 * 1_048_576;

/** Large uploads that are processed at once. Each holds at most 10 000 results, about 10 kB each while it is parsed. */
const LARGE_AT_ONCE = 1;

/** Bytes of large uploads that may wait, as sent, and how many of one token may wait. */
const LARGE_WAITING = 32 * 1_048_576;
const LARGE_WAITING_OF_TOKEN = 8;

/** How long a large upload waits for its turn before it is rejected. Small uploads wait as long as it takes. */
const MAX_WAIT_MS = 10_000;

/** Both methods resolve when it is the upload's turn, to a function that must be called when its processing is done. */
export interface UploadGate {
  /** For an upload of at most 64 KiB, packed or not; `bytes` as sent. Throws `slow_down` when too much waits already. */
  small(tokenId: string, bytes: number, isPacked: boolean): Promise<() => void>;
  /** For an upload of any size. Throws `slow_down` when too much waits already, and when it has waited for 10 seconds. */
  large(tokenId: string, bytes: number): Promise<() => void>;
}

/** The gate for all uploads of one process; `maxWaitMs` is for large uploads. */
export function makeUploadGate(maxWaitMs = MAX_WAIT_MS): UploadGate {
  const small = makeQueue({
    room: SMALL_AT_ONCE,
    maxWaitingBytes: SMALL_WAITING,
    maxWaitingOfToken: Number.POSITIVE_INFINITY,
    maxWaitMs: null,
  });
  const large = makeQueue({
    room: LARGE_AT_ONCE,
    maxWaitingBytes: LARGE_WAITING,
    maxWaitingOfToken: LARGE_WAITING_OF_TOKEN,
    maxWaitMs,
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
  /** Cost that may be processed at once; one upload is always admitted, whatever its cost. */
  readonly room: number;
  /** Bytes that all waiting uploads may hold together. */
  readonly maxWaitingBytes: number;
  /** How many uploads of one token may wait. */
  readonly maxWaitingOfToken: number;
  /** How long an upload waits; null for as long as it takes. */
  readonly maxWaitMs: number | null;
}

interface Size {
  /** Bytes that the upload holds while it waits. */
  readonly held: number;
  /** What the upload takes of the room while it is processed. */
  readonly cost: number;
}

interface Waiting extends Size {
  readonly admit: () => void;
  readonly reject: (reason: string) => void;
}

/** A queue in which tokens take turns, and the uploads of each token keep their order. */
function makeQueue(limits: QueueLimits): (tokenId: string, size: Size) => Promise<() => void> {
  /** Waiting uploads by token; the token whose turn is next comes first. No token has an empty list. */
  const waiting = new Map<string, Waiting[]>();
  let underWay = 0;
  let held = 0;

  function admitNext(): void {
    for (const [tokenId, uploads] of waiting) {
      const [first] = uploads;
      if (first === undefined || (underWay > 0 && underWay + first.cost > limits.room)) return;
      remove(tokenId, first);
      if (waiting.delete(tokenId) && uploads.length > 0) waiting.set(tokenId, uploads);
      underWay += first.cost;
      first.admit();
    }
  }

  function remove(tokenId: string, one: Waiting): void {
    const uploads = waiting.get(tokenId) ?? [];
    uploads.splice(uploads.indexOf(one), 1);
    held -= one.held;
    if (uploads.length === 0) waiting.delete(tokenId);
  }

  /** Rejects the last upload of the token that holds the most. */
  function rejectOne(): void {
    const [largest] = [...waiting].sort(([, a], [, b]) => heldBytes(b) - heldBytes(a));
    const last = largest?.[1].at(-1);
    if (largest === undefined || last === undefined) return;
    remove(largest[0], last);
    last.reject("too many uploads of this token are waiting");
  }

  return (tokenId, size) =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        underWay -= size.cost;
        admitNext();
      };
      const expire = (): void => {
        remove(tokenId, one);
        one.reject("other large uploads are being stored");
      };
      const timer = limits.maxWaitMs === null ? undefined : setTimeout(expire, limits.maxWaitMs);
      const one: Waiting = {
        ...size,
        admit: () => {
          clearTimeout(timer);
          resolve(leave);
        },
        reject: (reason) => {
          clearTimeout(timer);
          reject(new AppError("slow_down", `${reason}; retry later`, { nothingStored: true }));
        },
      };
      const uploads = waiting.get(tokenId) ?? [];
      if (uploads.length >= limits.maxWaitingOfToken) {
        one.reject(`${uploads.length} large uploads of this token are waiting already`);
        return;
      }
      uploads.push(one);
      waiting.set(tokenId, uploads);
      held += one.held;
      admitNext();
      while (held > limits.maxWaitingBytes) rejectOne();
    });
}

const heldBytes = (uploads: readonly Waiting[]): number => uploads.reduce((sum, { held }) => sum + held, 0);
