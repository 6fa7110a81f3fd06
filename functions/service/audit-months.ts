// The scheduled audit: one shard of a fleet, without the months that were audited before and have not changed since. So its
// cost does not grow with the age of the fleet. `vbdstat audit` reads everything.

import type { FleetGeneration } from "../../shared/cells/stored-summary.ts";
import { type Clock, parsePeriodUnit, toMonth } from "../../shared/run/periods.ts";
import type { AuditMarks } from "../store/statistics/audit-marks.ts";
import type { FleetScan } from "../store/statistics/fleet-scan.ts";
import { type Audit, auditFleet } from "./audit.ts";

/** A month is closed this long after its end: by then agents have sent what they kept while they had no network. */
const CLOSED_AFTER_MS = 24 * 3_600_000;

/** A change is taken for later than an audit if it was written up to this long before: clocks differ. */
const CLOCKS_DIFFER_MS = 10 * 60_000;

interface AuditShardDeps {
  readonly scan: FleetScan;
  readonly marks: AuditMarks;
  readonly clock: Clock;
}

/**
 * Audits a shard of a fleet from its first open month on, and marks the closed months in which it found no difference. A month
 * is open until a day after its end, until it was audited without a difference, and again when its cells in the shard were
 * written since: then every later month is audited again as well.
 */
export async function auditShard({ scan, marks, clock }: AuditShardDeps, fleet: string, shard: number): Promise<Audit> {
  const startedAt = clock();
  const firstOpen = toMonth(new Date(startedAt - CLOSED_AFTER_MS).toISOString());
  let audited: { readonly of: FleetGeneration; readonly months: readonly string[] } | null = null;
  const audit = await auditFleet(scan, fleet, {
    shards: [shard],
    since: async (of, periods) => {
      const closed = periods.filter((period) => parsePeriodUnit(period) === "month" && period < firstOpen).sort();
      const [marked, changes] = await Promise.all([marks.read(of, shard), marks.changes(of, shard, closed)]);
      const isDone = (month: string) => (marked.get(month) ?? "") > (changes.get(month) ?? "");
      const since = closed.find((month) => !isDone(month)) ?? firstOpen;
      audited = { of, months: closed.filter((month) => month >= since) };
      return since;
    },
  });
  if (audited !== null && audit.differences.length === 0) {
    // The type checker does not see that the callback assigns it.
    const { of, months } = audited as { readonly of: FleetGeneration; readonly months: readonly string[] };
    await marks.write(of, shard, months, new Date(startedAt - CLOCKS_DIFFER_MS).toISOString());
  }
  return audit;
}
