// The status of the store: does it work, and how many lines are in quarantine.
//
// On one machine the store is a file, and a single small write does not always show that the disk is full, nor damage of any
// page but one. So its health is what a test write finds, together with what other requests failed with.

import { type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { AppError } from "../../shared/errors.ts";
import { countQuarantined } from "./runs/quarantine.ts";
import { brokenStore, translateError } from "./table/errors.ts";
import { keyItem } from "./table/item.ts";
import { getItem, type Table } from "./table/table.ts";

/** Counting stops here: a higher number would not tell an operator more. */
const MAX_QUARANTINED = 10_000;

/**
 * The status of a table. With `health`, on one machine, `ping` writes an item and takes other requests into account; without,
 * it reads an item, because on AWS the functions that are asked may not write.
 */
export function makeStatusStore(table: Table, health?: StoreHealth) {
  return {
    quarantined: (fleet: string): Promise<number> => countQuarantined(table, fleet, MAX_QUARANTINED),
    ping: async (): Promise<void> => {
      if (health === undefined) await getItem(table, { pk: "PING", sk: "ping" });
      else await health.ping(table);
    },
  };
}

/** After an error of the disk the store is unavailable for this long, even if a test write succeeds. */
const ERROR_TTL_MS = 10_000;

/** All pings within this time share one test write, because anyone may ping without a token. */
const PING_TTL_MS = 1_000;

/** While the next test write is running, which can take long under load, the last good one is valid for this long. */
const GOOD_PING_TTL_MS = 2_000;

/** A store that does not answer within this time is unavailable. */
const PING_TIMEOUT_MS = 3_000;

/** The health of the store as one process sees it; shared by all clients that are opened with it. */
export class StoreHealth {
  #failure: { readonly error: unknown; readonly until: number } | null = null;
  #last: { readonly at: number; readonly response: Promise<unknown> } | null = null;
  /** When the last test write began that succeeded; long ago if one has failed since. */
  #goodAt = Number.NEGATIVE_INFINITY;

  /** Watches the requests of a client for errors of the disk. */
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
    // A damaged file stays damaged for as long as the engine has it open.
    const until = broken.is === "damaged" ? Number.POSITIVE_INFINITY : performance.now() + ERROR_TTL_MS;
    if (this.#failure === null || until > this.#failure.until) this.#failure = { error: translateError(error), until };
  }

  /** Writes a test item, or takes the result of a recent write. Throws `unavailable` with the reason. */
  async ping(table: Table): Promise<void> {
    const now = performance.now();
    if (this.#failure !== null && now < this.#failure.until) throw this.#failure.error;
    if (this.#last === null || now - this.#last.at > PING_TTL_MS) {
      const response = withTimeout(writeTestItem(table)).then(
        () => {
          this.#goodAt = now;
        },
        (error) => {
          this.#goodAt = Number.NEGATIVE_INFINITY;
          throw error;
        },
      );
      this.#last = { at: now, response };
      response.catch(() => undefined);
    }
    if (now - this.#goodAt < GOOD_PING_TTL_MS) return;
    await this.#last.response;
  }
}

/** Writes an item that nothing reads. */
async function writeTestItem({ name, client }: Table): Promise<void> {
  try {
    await client.send(new PutItemCommand({ TableName: name, Item: keyItem({ pk: "PING", sk: "ping" }) }));
  } catch (error) {
    throw translateError(error);
  }
}

function withTimeout(response: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () =>
      reject(new AppError("unavailable", `the store has not answered for ${PING_TIMEOUT_MS / 1000} seconds`));
    const timer = setTimeout(giveUp, PING_TIMEOUT_MS);
    response.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
