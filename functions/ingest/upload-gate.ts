// The gate that uploads pass before anything of their body is read: so many bytes of them are worked on at once, which holds
// memory down, and all others wait with nothing but their connection. Small uploads, which are those of hosts, never wait for
// large ones.

import type { MiddlewareHandler } from "hono";
import { AppError } from "../../shared/errors.ts";
import { tokenOf } from "../http/auth.ts";
import type { HttpEnv } from "../http/http-env.ts";
import type { IngestDeps } from "./deps.ts";

/** What is small: some hundred results as they come, not packed. */
const SMALL_BYTES = 65_536;

/** Bytes of small uploads that are worked on at once. Each counts as a few kB at least, for its request takes those. */
const SMALL_AT_ONCE = 1_048_576;
const LEAST_COUNTED = 4_096;

/** Large uploads that are worked on at once. Each holds ten thousand results at most, some ten kB each while it is read. */
const LARGE_AT_ONCE = 1;

/** A large upload waits so long for its turn; then it is told to come again. Small ones wait as long as it takes. */
const PATIENCE_MS = 10_000;

export interface UploadGate {
  /**
   * Waits for the turn of an upload of so many bytes, null for one that may unpack to any size; gives what is to be called
   * when it is done. Throws `slow_down` for a large one whose turn does not come.
   */
  enter(bytes: number | null): Promise<() => void>;
}

/** A gate for all uploads of one process. */
export function makeUploadGate(patienceMs = PATIENCE_MS): UploadGate {
  const small = makeQueue(SMALL_AT_ONCE, null);
  const large = makeQueue(LARGE_AT_ONCE, patienceMs);
  return {
    enter: (bytes) => (bytes !== null && bytes <= SMALL_BYTES ? small(Math.max(bytes, LEAST_COUNTED)) : large(1)),
  };
}

interface Waiting {
  readonly cost: number;
  readonly letIn: () => void;
}

/** A queue in the order of coming, with room for so much at once; one is always let in. */
function makeQueue(room: number, patienceMs: number | null): (cost: number) => Promise<() => void> {
  const waiting: Waiting[] = [];
  let taken = 0;
  function letIn(): void {
    for (
      let first = waiting[0];
      first !== undefined && (taken === 0 || taken + first.cost <= room);
      first = waiting[0]
    ) {
      waiting.shift();
      taken += first.cost;
      first.letIn();
    }
  }
  return (cost) =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        taken -= cost;
        letIn();
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(one), 1);
        reject(
          new AppError("slow_down", "other large uploads are being stored; send the same again, nothing was stored"),
        );
      };
      const patience = patienceMs === null ? undefined : setTimeout(giveUp, patienceMs);
      const one: Waiting = {
        cost,
        letIn: () => {
          clearTimeout(patience);
          resolve(leave);
        },
      };
      waiting.push(one);
      letIn();
    });
}

/** Lets an upload through when it is its turn, unless its token has used up what it may store today. */
export function uploadTurn({ gate, budget }: Pick<IngestDeps, "gate" | "budget">): MiddlewareHandler<HttpEnv> {
  return async function waitForTurn(c, next) {
    budget.refuseSpent(tokenOf(c).id);
    const announced = c.req.header("Content-Length");
    const isPacked = c.req.header("Content-Encoding") !== undefined;
    const leave = await gate.enter(announced === undefined || isPacked ? null : Number(announced));
    try {
      await next();
    } finally {
      leave();
    }
  };
}
