// Storing an upload: a text of Bonnie++ output in, a receipt out. When it returns, every valid line is stored durably and every
// rejected line is in the quarantine, or the receipt says that it is not. The quarantine never prevents that valid lines are
// stored.

import { MAX_LINES, readBonnie } from "../../../shared/bonnie/reader.ts";
import type { Reading } from "../../../shared/bonnie/types.ts";
import { type NewRun, toSample } from "../../../shared/cells/sample.ts";
import { AppError } from "../../../shared/errors.ts";
import type { QuarantinedLine, Run, SentBy } from "../../../shared/run/run.ts";
import { hostMatches, type Token, type TokenUse } from "../../../shared/run/token.ts";
import { inTurns, takingTurns } from "../../runtime/turns.ts";
import type { FullQuarantine } from "../../store/runs/quarantine-room.ts";
import { quarantineId, type Receipt, type ReceiptIssue, receiptResult } from "./receipt.ts";
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

/** Stores rejected lines. */
export interface LineKeeper {
  /**
   * Stores the lines that are not stored yet, as far as a token and its fleet have room. Gives the ids of the others, each with
   * whose room is used up.
   */
  add(lines: readonly QuarantinedLine[], tokenId: string): Promise<ReadonlyMap<string, FullQuarantine>>;
}

/** What storing an upload needs. */
export interface UploadDeps extends Pick<UploadLimits, "budget" | "cohorts"> {
  readonly runs: NewRunStore;
  readonly quarantine: LineKeeper;
  /** Called after runs were stored, with the hosts that are now pending. May do nothing. */
  readonly wake: (fleet: string, hosts: readonly string[]) => void;
}

/** An upload as received; the fleet is that of the token. */
export interface ReceivedUpload extends Omit<UploadRequest, "fleet" | "sentBy"> {
  readonly text: string;
  /** The token that the text was first sent with, if that is known and another one than now. */
  readonly sentBy?: SentBy | null | undefined;
}

/**
 * Stores an upload for the fleet of the token. Throws what `readUpload` throws, `too_large` for more lines or months than one
 * upload may have, and `forbidden` when a line belongs to a host that the token is not for; nothing is stored then.
 */
export async function storeUpload(
  deps: UploadDeps,
  token: Token,
  { sentBy, ...received }: ReceivedUpload,
): Promise<Receipt> {
  const turn = takingTurns("writes");
  const reading = readBonnie(received.text);
  assertFewLines(reading);
  const { fleet } = token;
  const request = { fleet, ...received, sentBy: sentBy ?? { token_id: token.id, label: token.label } };
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
  const notKept = await keepLines(deps, token, quarantined, newRuns.length > 0);
  const statuses = await deps.runs.add(newRuns);
  if (statuses.includes("stored")) deps.wake(fleet, [...new Set(runs.map(({ host }) => host))]);
  const stored = runs.filter((_, index) => statuses[index] === "stored");
  const sameLines = await findSameLines(
    deps.runs,
    newRuns,
    newRuns.filter((_, index) => statuses[index] === "stored"),
  );
  const kept = quarantined.filter(({ id }) => !notKept.has(id));
  await deps.budget.spend(token.id, measureUse(stored, kept));
  return {
    stored: stored.length,
    duplicate: statuses.length - stored.length,
    rejected: upload.rejected.length,
    results: runs.map((run, index) =>
      receiptResult(upload.runs[index]?.line ?? 0, statuses[index] ?? "duplicate", run, sameLines.get(run.id)),
    ),
    issues: quarantined.map((line) => receiptIssue(line, notKept.get(line.id))),
    ignored: reading.ignored,
  };
}

const FULL: Readonly<Record<FullQuarantine, string>> = {
  fleet: "the quarantine of this fleet is full; it takes more lines after midnight UTC",
  token: "this token has filled its part of the quarantine; it takes more lines after midnight UTC",
};

/**
 * Puts lines into the quarantine; gives the reason for each line that is not kept. If the store is busy or unreachable, no line
 * is kept, as long as the upload also has valid lines, which are stored. Without any, throws the error of the store: the client
 * then sends the whole upload again.
 */
async function keepLines(
  { quarantine }: Pick<UploadDeps, "quarantine">,
  token: Token,
  lines: readonly QuarantinedLine[],
  hasValidLines: boolean,
): Promise<ReadonlyMap<string, string>> {
  if (lines.length === 0) return new Map();
  try {
    const full = await quarantine.add(lines, token.id);
    return new Map([...full].map(([id, of]) => [id, FULL[of]]));
  } catch (error) {
    if (!(error instanceof AppError && hasValidLines)) throw error;
    return new Map(lines.map(({ id }) => [id, "the quarantine cannot be written at the moment"]));
  }
}

function receiptIssue(
  { line, column, field, code, text, id }: QuarantinedLine,
  notKept: string | undefined,
): ReceiptIssue {
  const issue = { line, column, field, code, text };
  return notKept === undefined ? { ...issue, quarantine_id: id } : { ...issue, quarantine_id: null, not_kept: notKept };
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
  { fleet, receivedAt, encoding, sentBy }: UploadRequest,
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
    sent_by: sentBy,
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
