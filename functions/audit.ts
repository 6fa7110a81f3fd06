// Audit on AWS: a schedule starts it, and each run checks the next shard of every fleet. It logs what it finds,
// and a metric and an alarm follow from the log. It writes nothing but which months it need not read again. Wiring only.

import { AUDIT_EVERY_HOURS, SHARDS } from "../shared/deployment.ts";
import { functionSettings } from "./env.ts";
import { auditShard } from "./service/audit-months.ts";
import { openTable } from "./store/client.ts";
import { listFleets } from "./store/fleet/tokens.ts";
import { makeAuditMarks } from "./store/statistics/audit-marks.ts";
import { makeFleetScan } from "./store/statistics/fleet-scan.ts";
import { withFormatCheck } from "./store/table/format.ts";
import { jsonLog } from "./web/http/log.ts";

/** Differences that are logged with their keys; any more are only counted. */
const MAX_LOGGED = 20;

const clock = Date.now;
const log = jsonLog();
const table = withFormatCheck(openTable(functionSettings()));
const deps = { scan: makeFleetScan(table), marks: makeAuditMarks(table), clock };

/** Audits a shard of every fleet. When it fails for a fleet, it continues with the next and throws at the end. */
export async function handler(_event: unknown, { awsRequestId: requestId }: { readonly awsRequestId: string }) {
  const shard = Math.floor(clock() / (AUDIT_EVERY_HOURS * 3_600_000)) % SHARDS;
  const fleets = await listFleets(table);
  let failed = 0;
  for (const fleet of fleets) {
    const started = clock();
    try {
      const { differences, outdated, ...audit } = await auditShard(deps, fleet, shard);
      for (const { kind, key, text } of differences.slice(0, MAX_LOGGED))
        log.event("difference", { requestId, fleet, found: kind, key, ...(text === undefined ? {} : { text }) });
      const counts = { ...audit, outdated: outdated.runs, differences: differences.length };
      log.event("audit", { requestId, fleet, shard, ...counts, milliseconds: clock() - started });
    } catch (error) {
      log.error(requestId, error);
      failed += 1;
    }
  }
  if (failed > 0) throw new Error(`the audit failed for ${failed} of ${fleets.length} fleets`);
}
