// Storing an upload: a text of Bonnie++ output in, a receipt out. When it returns, every valid line is stored durably and every
// rejected line is in the quarantine.

import { MAX_LINES, readBonnie } from "../../shared/bonnie/reader.ts";
import type { Reading } from "../../shared/bonnie/types.ts";
import { type NewRun, toSample } from "../../shared/cells/sample.ts";
import { AppError } from "../../shared/errors.ts";
import type { QuarantinedLine, Run } from "../../shared/run/run.ts";
import { hostMatches, type Token, type TokenUse } from "../../shared/run/token.ts";
import { inTurns, takingTurns } from "../runtime/turns.ts";
import { quarantineId, type Receipt, receiptResult } from "./receipt.ts";
import { findSameLines, type SameLineStore } from "./same-lines.ts";
import { assertFewMonths, type RejectedLine, type Upload, type UploadRequest, uploadSteps } from "./upload.ts";
import type { UploadLimits } from "./upload-limits.ts";

/** Stores runs. */
export interface NewRunStore extends SameLineStore {
  /**
   * Stores the runs that are not stored yet, each together with the record that makes its host pending. Resolves when they
   * are durable, with one status for each run, in order; `withdrawn` is a duplicate of a withdrawn run.
   */
  add(runs: readonly NewRun[]): Promise<readonly ("stored" | "duplicate" | "withdrawn")[]>;
}

/** What storing an upload needs. */
export interface UploadDeps extends Pick<UploadLimits, "budget" | "cohorts"> {
  readonly runs: NewRunStore;
  readonly quarantine: { add(lines: readonly QuarantinedLine[]): Promise<void> };
  /** Called after runs were stored, with the hosts that are now pending. May do nothing. */
  readonly wake: (fleet: string, hosts: readonly string[]) => void;
}

/** An upload as received; the fleet is that of the token. */
export interface ReceivedUpload extends Omit<UploadRequest, "fleet"> {
  readonly text: string;
}

/**
 * Stores an upload for the fleet of the token. Throws what `readUpload` throws, `too_large` for more lines or months than one
 * upload may have, and `forbidden` when a line belongs to a host that the token is not for; nothing is stored then.
 */
export async function storeUpload(deps: UploadDeps, token: Token, received: ReceivedUpload): Promise<Receipt> {
  const turn = takingTurns("writes");
  const reading = readBonnie(received.text);
  assertFewLines(reading);
  const { fleet } = token;
  const request = { fleet, ...received };
  const upload = await inTurns(uploadSteps(reading, request), turn);
  assertOwnHosts(token, upload);
  assertFewMonths(upload);
  const runs = await deps.cohorts.markCapped(
    token,
    upload.runs.map(({ run }) => run),
  );
  const newRuns: NewRun[] = [];
  for (const run of runs) {
    newRuns.push({ run, sample: toSample(run) });
    await turn();
  }
  const quarantined = upload.rejected.map((line) => toQuarantined(line, request, token.hosts));
  // Before the runs: if the store fails in between, no run is stored, and the retry finds its lines in quarantine already.
  if (quarantined.length > 0) await deps.quarantine.add(quarantined);
  const statuses = await deps.runs.add(newRuns);
  if (statuses.includes("stored")) deps.wake(fleet, [...new Set(runs.map(({ host }) => host))]);
  const stored = runs.filter((_, index) => statuses[index] === "stored");
  const sameLines = await findSameLines(
    deps.runs,
    newRuns,
    newRuns.filter((_, index) => statuses[index] === "stored"),
    new Map(upload.runs.map(({ run, printed }) => [run.id, printed])),
  );
  await deps.budget.spend(token.id, measureUse(stored, quarantined));
  return {
    stored: stored.length,
    duplicate: statuses.length - stored.length,
    rejected: upload.rejected.length,
    results: runs.map((run, index) =>
      receiptResult(upload.runs[index]?.line ?? 0, statuses[index] ?? "duplicate", run, sameLines.get(run.id)),
    ),
    issues: quarantined.map(({ line, column, field, code, text: problem, id }) => ({
      line,
      column,
      field,
      code,
      text: problem,
      quarantine_id: id,
    })),
    ignored: reading.ignored,
  };
}

function assertFewLines({ entries }: Reading): void {
  if (entries.some((entry) => entry.kind === "issue" && entry.issue.code === "too_many_lines")) {
    throw new AppError("too_large", `the body has more than ${MAX_LINES} lines; send it in parts`, {
      nothingStored: true,
    });
  }
}

/** Also for rejected lines that name a host: a later retry from the quarantine would store them as that host's. */
function assertOwnHosts({ hosts }: Token, { runs, rejected }: Upload): void {
  const ofRejected = rejected.flatMap(({ issue, metadata: { host } }) =>
    host === undefined ? [] : { line: issue.line, host },
  );
  for (const { line, host } of [...runs.map(({ line, run }) => ({ line, host: run.host })), ...ofRejected]) {
    if (hostMatches(hosts, host)) continue;
    throw new AppError("forbidden", `this token is for hosts ${hosts}, not for "${host}"`, {
      line,
      nothingStored: true,
    });
  }
}

/** Characters of a rejected line that the quarantine stores: more would not fit the item, and the client has the whole line. */
const MAX_QUARANTINED = 32_768;

function toQuarantined(
  { issue, metadata }: RejectedLine,
  { fleet, receivedAt, encoding }: UploadRequest,
  hosts: string | null,
): QuarantinedLine {
  const { line, column, field, code, text, raw } = issue;
  return {
    id: quarantineId(fleet, raw, metadata),
    fleet,
    received_at: receivedAt,
    raw: raw.slice(0, MAX_QUARANTINED),
    raw_length: raw.length,
    raw_encoding: encoding,
    line,
    column,
    field,
    code,
    text,
    context: metadata,
    hosts,
  };
}

/** Bytes that a run takes in addition to its line and its facts: keys, measurements twice, indexes. */
const RUN_BYTES = 1_500;

/** What an upload has stored, approximately. */
function measureUse(stored: readonly Run[], quarantined: readonly QuarantinedLine[]): TokenUse {
  const size = (raw: string, metadata: object) => RUN_BYTES + raw.length + Buffer.byteLength(JSON.stringify(metadata));
  const ofRuns = stored.reduce((sum, { raw, facts }) => sum + size(raw, facts), 0);
  const ofLines = quarantined.reduce((sum, { raw, context }) => sum + size(raw, context), 0);
  return { bytes: ofRuns + ofLines, runs: stored.length };
}
