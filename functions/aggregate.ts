// Aggregate on AWS: started by the table's stream and by a schedule, over the table of this deployment. Wiring only.

import { functionSettings } from "./env.ts";
import { aggregateRecords, countPendingHosts, sweep, wakeEvent } from "./service/wake-ups.ts";
import { openTable } from "./store/client.ts";
import { makeAggregationStores } from "./store/statistics/commit.ts";
import { backOff } from "./store/table/errors.ts";
import { withFormatCheck } from "./store/table/format.ts";
import { jsonLog } from "./web/http/log.ts";

const clock = Date.now;
const log = jsonLog();
const deps = { ...makeAggregationStores(withFormatCheck(openTable(functionSettings()))), clock, backOff };

/** No more work is started when less time than this is left to the function; the next sweep continues. */
const STOP_BEFORE_MS = 30_000;

/** What is used of the context of an invocation. */
interface Context {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
}

/** Lists the stream's records to deliver again. */
interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * Processes records of the stream, and returns those to deliver again; or sweeps all fleets. A sweep that failed for a fleet
 * throws after it has swept the others, so that the invocation counts as an error.
 */
export async function handler(event: unknown, context: Context): Promise<BatchResponse> {
  const started = clock();
  const requestId = context.awsRequestId;
  const onError = (error: unknown) => log.error(requestId, error);
  const wake = wakeEvent.parse(event);
  const stoppable = { ...deps, isStopping: () => context.getRemainingTimeInMillis() < STOP_BEFORE_MS };
  if ("Records" in wake) {
    const { failed, ...outcome } = await aggregateRecords(stoppable, wake.Records, onError);
    const counts = { records: wake.Records.length, ...outcome, failed: failed.length };
    log.event("aggregate", { requestId, ...counts, milliseconds: clock() - started });
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  }
  // Before the sweep: what it finds now is what the stream has left over. Logged at once, so that the backlog is reported even
  // when the sweep runs out of time or memory.
  log.event("pending", { requestId, ...(await countPendingHosts(deps)) });
  const outcome = await sweep(stoppable, onError);
  log.event("sweep", { requestId, ...outcome, milliseconds: clock() - started });
  if (outcome.failed > 0) throw new Error(`the sweep failed for ${outcome.failed} of ${outcome.fleets} fleets`);
  return { batchItemFailures: [] };
}
