// Aggregate on AWS: woken by the table's stream and by the schedule, over the table of this deployment. Wiring only.

import { functionSettings } from "../env.ts";
import { jsonLog } from "../http/json-log.ts";
import { makeAggregationStore } from "../store/aggregation.ts";
import { backOff } from "../store/retry.ts";
import { openTable } from "../store/table.ts";
import { aggregateRecords } from "./stream.ts";
import { sweep } from "./sweep.ts";
import { wakeEvent } from "./wake-event.ts";

const clock = Date.now;
const log = jsonLog();
const deps = { store: makeAggregationStore(openTable(functionSettings())), clock, backOff };

/** Tells a stream which records to deliver again. */
interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * Answers an event of the stream with the records to deliver again. A sweep that failed for a fleet throws after it has
 * swept the others, so that the invocation counts as an error.
 */
export async function handler(event: unknown, context: { readonly awsRequestId: string }): Promise<BatchAnswer> {
  const started = clock();
  const requestId = context.awsRequestId;
  const onFault = (error: unknown) => log.fault(requestId, error);
  const wake = wakeEvent.parse(event);
  if ("Records" in wake) {
    const { done, left, failed } = await aggregateRecords(deps, wake.Records, onFault);
    const records = wake.Records.length;
    log.event("aggregate", { requestId, records, done, left, failed: failed.length, milliseconds: clock() - started });
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  }
  const outcome = await sweep(deps, onFault);
  log.event("sweep", { requestId, ...outcome, milliseconds: clock() - started });
  if (outcome.failed > 0) throw new Error(`the sweep failed for ${outcome.failed} of ${outcome.fleets} fleets`);
  return { batchItemFailures: [] };
}
