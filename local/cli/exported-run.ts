import { hostHash } from "../../functions/store/keys.ts";
import { run as runSchema } from "../../shared/api/run-answer.ts";
import type { Run } from "../../shared/run/run.ts";
import { stratumOf } from "../../shared/run/stratum.ts";
import { FLEET_PATTERN } from "../../shared/run/token.ts";

/** A time as we write it; others would be sorted wrongly among ours. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Reads a line of an export; a text that says what is wrong when it is none, or belongs to another fleet. */
export function readExportedRun(line: string, fleet: string | undefined): Run | string {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(line, "latin1").toString("utf8"));
  } catch {
    return "expected a run as JSON, found something else";
  }
  const parsed = runSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue?.path.join(".") || "run"}: ${issue?.message}`;
  }
  const run: Run = parsed.data;
  if (!FLEET_PATTERN.test(run.fleet)) return "fleet: expected 1 to 63 letters, digits and inner . _ -";
  if (fleet !== undefined && run.fleet !== fleet) {
    return `fleet: expected ${fleet}, found ${run.fleet}; a run stays in its fleet, which is part of its id`;
  }
  if (!/^[0-9a-f]{48}$/.test(run.id) || !run.id.startsWith(hostHash(run.fleet, run.host))) {
    return "id: expected one that belongs to its fleet and host";
  }
  if (run.stratum !== stratumOf(run.bonnie)) return `stratum: expected ${stratumOf(run.bonnie)}, found ${run.stratum}`;
  const times = [run.finished_at, run.received_at, run.withdrawn_at ?? run.received_at];
  if (!times.every((time) => INSTANT.test(time))) return "times: expected UTC with milliseconds";
  return run;
}
