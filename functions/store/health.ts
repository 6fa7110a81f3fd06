// Whether the store of one machine can be used. That the disk is full, a small write does not always show, and damage only
// the page that has it: what requests met counts, beside a write made to see.

import { type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { AppError } from "../../shared/errors.ts";
import { brokenStore, translated } from "./errors.ts";
import { keyItem } from "./item.ts";
import type { Table } from "./table.ts";

/** So long a full or failing disk is believed to be so, whatever a single write says. */
const BELIEVED_MS = 10_000;

/** All who ask within so long share one write, because anyone may ask, without a token. */
const ANSWER_HOLDS_MS = 1_000;

/** So long after it began a write that succeeded answers those who ask while the next one is under way: in a crowd that takes. */
const GOOD_ANSWER_HOLDS_MS = 2_000;

/** A store that is silent for so long cannot be used, whatever it says later. */
const ANSWERS_WITHIN_MS = 3_000;

/** The memory of one process; the clients that are opened with it share it. */
export class StoreHealth {
  #fault: { readonly error: unknown; readonly until: number } | null = null;
  #last: { readonly at: number; readonly answer: Promise<unknown> } | null = null;
  /** When the last write began that succeeded; long ago when one has failed since. */
  #goodAt = Number.NEGATIVE_INFINITY;

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

  /** Writes to the table, or answers from the last second, or two while a write is under way. Throws `unavailable` with what is wrong. */
  async ping(table: Table): Promise<void> {
    const now = performance.now();
    if (this.#fault !== null && now < this.#fault.until) throw this.#fault.error;
    if (this.#last === null || now - this.#last.at > ANSWER_HOLDS_MS) {
      const answer = inTime(write(table)).then(
        () => {
          this.#goodAt = now;
        },
        (error) => {
          this.#goodAt = Number.NEGATIVE_INFINITY;
          throw error;
        },
      );
      this.#last = { at: now, answer };
      answer.catch(() => undefined);
    }
    if (now - this.#goodAt < GOOD_ANSWER_HOLDS_MS) return;
    await this.#last.answer;
  }
}

/** Writes an item that nobody reads. */
async function write({ name, client }: Table): Promise<void> {
  try {
    await client.send(new PutItemCommand({ TableName: name, Item: keyItem({ pk: "PING", sk: "ping" }) }));
  } catch (error) {
    throw translated(error);
  }
}

function inTime(answer: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const silent = () =>
      reject(new AppError("unavailable", `the store has not answered for ${ANSWERS_WITHIN_MS / 1000} seconds`));
    const timer = setTimeout(silent, ANSWERS_WITHIN_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
