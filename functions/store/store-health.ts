// What the clients of one store have seen of its file. That the disk is full, a small write does not always show, and damage
// only the page that has it: what requests met counts for the health of the whole.

import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { AppError } from "../../shared/errors.ts";
import { brokenStore, translated } from "./store-error.ts";

/** So long a full or failing disk is believed to be so, whatever a single write says. */
const BELIEVED_MS = 10_000;

/** The memory of one process; the clients that are opened with it share it. */
export class StoreHealth {
  #fault: { readonly error: unknown; readonly until: number } | null = null;

  /** Has a client report what its requests fail with. */
  watch({ middlewareStack }: DynamoDBClient): void {
    middlewareStack.add(
      (next) => async (args) => {
        try {
          return await next(args);
        } catch (error) {
          this.#note(error);
          throw error;
        }
      },
      { step: "initialize", name: "vbdstatHealth" },
    );
  }

  #note(error: unknown): void {
    const broken = brokenStore(error);
    if (broken === null) return;
    // A damaged file does not get well while the engine has it open.
    const until = broken.is === "damaged" ? Number.POSITIVE_INFINITY : performance.now() + BELIEVED_MS;
    if (this.#fault === null || until > this.#fault.until) this.#fault = { error: translated(error), until };
  }

  /** What is wrong, as a refusal; null when nothing is known to be. */
  fault(): AppError | null {
    const fault = this.#fault;
    // What is noted is always translated into a refusal.
    return fault === null || performance.now() > fault.until ? null : (fault.error as AppError);
  }
}
