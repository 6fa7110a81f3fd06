// POST /v1/results: a body of Bonnie++ output in, a receipt out. Acknowledged means durable: the answer is sent only after
// every good line is stored and every bad one quarantined.

import { MAX_LINES, readBonnie } from "../../../shared/bonnie/reader.ts";
import { toSample } from "../../../shared/cells/sample.ts";
import { AppError } from "../../../shared/errors.ts";
import type { NewRun, QuarantinedLine, Use } from "../../../shared/ports.ts";
import type { Run } from "../../../shared/run/run.ts";
import { hostMatches, type Token } from "../../../shared/run/token.ts";
import type { Context } from "../../service/metadata.ts";
import { quarantineId, type Receipt, receiptResult } from "../../service/receipt.ts";
import {
  type RejectedLine,
  rejectManyMonths,
  type Upload,
  type UploadRequest,
  understanding,
} from "../../service/upload.ts";
import { inTurns, takingTurns } from "../../store/turns.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, tokenOf } from "../http/auth.ts";
import type { BodyText } from "../http/body.ts";
import { formatOf } from "../http/formats.ts";
import { idOf } from "../http/parameters.ts";
import type { IngestDeps } from "./ingest.ts";

// DELETE /v1/runs/{id}: takes a run out of all statistics and keeps it readable as withdrawn.

export function addWithdrawRoute(app: HttpApp, deps: IngestDeps): void {
  app.delete("/v1/runs/:id", allow(deps, "admin"), async (c) => {
    formatOf(c, ["json"]);
    const { fleet } = tokenOf(c);
    const id = idOf(c, "run");
    const run = await deps.runs.withdraw(fleet, id, new Date(deps.clock()).toISOString());
    if (run === null) throw new AppError("not_found", "this fleet has no run with that id");
    deps.wake(fleet, [run.host]);
    c.set("note", `withdrew ${id}`);
    return c.json({ id, withdrawn_at: run.withdrawn_at });
  });
}

/** What is kept of a rejected line; more would not fit the item, and the client still has the rest. */
const KEPT_CHARACTERS = 32_768;

/** What was sent, with what, and when it first came in (ISO 8601 UTC), which is when its runs finished if nobody says. */
export interface Posted {
  readonly body: BodyText;
  readonly parameters: Context;
  readonly receivedAt: string;
}

/** Stores an upload for the fleet of the token. Throws AppError where nothing could be tried. */
export async function postResults(
  deps: IngestDeps,
  token: Token,
  { body, parameters, receivedAt }: Posted,
): Promise<Receipt> {
  const turn = takingTurns("writes");
  const reading = readBonnie(body.text);
  refuseTooManyLines(reading.entries.flatMap((entry) => (entry.kind === "issue" ? entry.issue.code : [])));
  const { fleet } = token;
  const envelope = { fleet, receivedAt, encoding: body.encoding, parameters };
  const upload = await inTurns(understanding(reading, envelope), turn);
  refuseForeignHosts(token, upload);
  rejectManyMonths(upload);
  const understood = await deps.cohorts.marked(
    token,
    upload.runs.map(({ run }) => run),
  );
  const runs: NewRun[] = [];
  for (const run of understood) {
    runs.push({ run, sample: toSample(run) });
    await turn();
  }
  const kept = upload.rejected.map((line) => quarantined(line, envelope, token.hosts));
  // Before the runs: when the store fails in between, no run was stored, and the retry finds its lines in their places.
  if (kept.length > 0) await deps.quarantine.add(kept);
  const statuses = await deps.runs.add(runs);
  if (statuses.includes("stored")) deps.wake(fleet, [...new Set(understood.map(({ host }) => host))]);
  await deps.budget.spend(
    token.id,
    useOf(
      understood.filter((_, index) => statuses[index] === "stored"),
      kept,
    ),
  );
  return {
    stored: statuses.filter((status) => status === "stored").length,
    duplicate: statuses.filter((status) => status === "duplicate").length,
    rejected: upload.rejected.length,
    results: understood.map((run, index) =>
      receiptResult(upload.runs[index]?.line ?? 0, statuses[index] ?? "duplicate", run),
    ),
    issues: kept.map(({ line, column, field, code, text, id }) => ({
      line,
      column,
      field,
      code,
      text,
      quarantine_id: id,
    })),
    ignored: reading.ignored,
  };
}

/** Bytes that a run takes beside its line and its facts: keys, measurements twice, indexes. */
const RUN_BYTES = 1_500;

/** What an upload has stored, about. */
function useOf(stored: readonly Run[], kept: readonly QuarantinedLine[]): Use {
  const ofRuns = stored.reduce(
    (sum, { raw, facts }) => sum + RUN_BYTES + raw.length + Buffer.byteLength(JSON.stringify(facts)),
    0,
  );
  const ofLines = kept.reduce(
    (sum, { raw, context }) => sum + RUN_BYTES + raw.length + Buffer.byteLength(JSON.stringify(context)),
    0,
  );
  return { bytes: ofRuns + ofLines, runs: stored.length };
}

function refuseTooManyLines(codes: readonly string[]): void {
  if (codes.includes("too_many_lines")) {
    throw new AppError("too_large", `the body has more than ${MAX_LINES} lines; send it in pieces`);
  }
}

/** Rejected lines too: one that was said to be of another host would be that host's once somebody has it tried again. */
function refuseForeignHosts({ hosts }: Token, { runs, rejected }: Upload): void {
  const said = rejected.flatMap(({ issue, context: { host } }) =>
    host === undefined ? [] : { line: issue.line, host },
  );
  for (const { line, host } of [...runs.map(({ line, run }) => ({ line, host: run.host })), ...said]) {
    if (hostMatches(hosts, host)) continue;
    throw new AppError(
      "forbidden",
      `line ${line}: this token is for hosts ${hosts}, not for "${host}"; nothing was stored`,
    );
  }
}

function quarantined(
  { issue, context }: RejectedLine,
  { fleet, receivedAt, encoding }: UploadRequest,
  hosts: string | null,
): QuarantinedLine {
  const { line, column, field, code, text, raw } = issue;
  return {
    id: quarantineId(fleet, raw, context),
    fleet,
    received_at: receivedAt,
    raw: raw.slice(0, KEPT_CHARACTERS),
    raw_length: raw.length,
    raw_encoding: encoding,
    line,
    column,
    field,
    code,
    text,
    context,
    hosts,
  };
}
