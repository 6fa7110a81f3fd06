// What an operator wants to know of the store at a glance: does it work, and how much is waiting.

import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { AppError } from "../../shared/errors.ts";
import type { StatusStore } from "../../shared/ports.ts";
import { keyItem } from "./item.ts";
import { countMarks } from "./marks.ts";
import { countQuarantined } from "./quarantine.ts";
import { translated } from "./store-error.ts";
import type { StoreHealth } from "./store-health.ts";
import { getItem, type Table } from "./table.ts";

/** Counting stops here: more quarantined lines than this say nothing more. */
const MOST_QUARANTINED = 10_000;

/** An item that nobody reads: what is asked for, or written, to see whether the store works. */
const PING = { pk: "PING", sk: "ping" };

/** All who ask within so long share one write, because anyone may ask, without a token. */
const ANSWER_HOLDS_MS = 1_000;

/** A store that is silent for so long does not work, whatever it says later. */
const ANSWERS_WITHIN_MS = 3_000;

/**
 * What is to be known of the store, over the table. With `health`, which is for one machine, the ping writes an item, and what
 * other requests found counts; without, as on AWS where those who are asked may not write, it reads one.
 */
export function makeStatusStore(table: Table, health?: StoreHealth): StatusStore {
  const write = () =>
    table.client.send(new PutItemCommand({ TableName: table.name, Item: keyItem(PING) })).catch((error) => {
      throw translated(error);
    });
  let last: { readonly at: number; readonly answer: Promise<unknown> } | null = null;
  return {
    openMarks: (fleet) => countMarks(table, fleet),
    pendingHosts: async (fleet) => (await countMarks(table, fleet)).count,
    quarantined: (fleet) => countQuarantined(table, fleet, MOST_QUARANTINED),
    ping: async () => {
      if (health === undefined) {
        await inTime(getItem(table, PING));
        return;
      }
      const fault = health.fault();
      if (fault !== null) throw fault;
      const now = performance.now();
      if (last === null || now - last.at > ANSWER_HOLDS_MS) last = { at: now, answer: inTime(write()) };
      await last.answer;
    },
  };
}

function inTime(answer: Promise<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const silent = () =>
      reject(new AppError("unavailable", `the store has not answered for ${ANSWERS_WITHIN_MS / 1000} seconds`));
    const timer = setTimeout(silent, ANSWERS_WITHIN_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
