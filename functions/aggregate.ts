// Aggregate on AWS: woken by the table's stream and by the schedule, over the table of this deployment. Wiring only.

import { functionSettings } from "./env.ts";
import { aggregateRecords, wakeEvent } from "./service/stream.ts";
import { pendingHostCount, sweep } from "./service/sweep.ts";
import { openTable } from "./store/client.ts";
import { makeAggregationStores } from "./store/commit.ts";
import { backOff } from "./store/errors.ts";
import { withFormatCheck } from "./store/format.ts";
import { jsonLog } from "./web/http/log.ts";

const clock = Date.now;
const log = jsonLog();
const deps = { ...makeAggregationStores(withFormatCheck(openTable(functionSettings()))), clock, backOff };

/** A sweep begins nothing more so long before the function's time is up: what is left, the next one does. */
const STOP_BEFORE_MS = 30_000;

/** Of the context of an invocation, what is used. */
interface Context {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
}

/** Tells a stream which records to deliver again. */
interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * Answers an event of the stream with the records to deliver again. A sweep that failed for a fleet throws after it has
 * swept the others, so that the invocation counts as an error.
 */
export async function handler(event: unknown, context: Context): Promise<BatchAnswer> {
  const started = clock();
  const requestId = context.awsRequestId;
  const onFault = (error: unknown) => log.fault(requestId, error);
  const wake = wakeEvent.parse(event);
  if ("Records" in wake) {
    const { failed, ...outcome } = await aggregateRecords(deps, wake.Records, onFault);
    const counts = { records: wake.Records.length, ...outcome, failed: failed.length };
    log.event("aggregate", { requestId, ...counts, milliseconds: clock() - started });
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  }
  // Before the sweep: what it finds is what the stream has not got done. Said first, so that it is said even of a backlog
  // that this sweep does not survive.
  log.event("marks", { requestId, ...(await pendingHostCount(deps)) });
  const isStopping = () => context.getRemainingTimeInMillis() < STOP_BEFORE_MS;
  const outcome = await sweep({ ...deps, isStopping }, onFault);
  log.event("sweep", { requestId, ...outcome, milliseconds: clock() - started });
  if (outcome.failed > 0) throw new Error(`the sweep failed for ${outcome.failed} of ${outcome.fleets} fleets`);
  return { batchItemFailures: [] };
}
