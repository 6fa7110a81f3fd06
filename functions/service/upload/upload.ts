// An upload, parsed into runs and rejected lines. In: what the Bonnie++ reader found and the request. Out: the runs to store
// and the lines to quarantine. Nothing is stored or read here: the result depends only on the bytes, the parameters, the fleet
// and the time of receipt.

import { PARSER_VERSION } from "../../../shared/bonnie/reader.ts";
import type { BonnieResult, Directive, Reading } from "../../../shared/bonnie/types.ts";
import { AppError } from "../../../shared/errors.ts";
import { assessQuality } from "../../../shared/quality/assess.ts";
import { toMonth } from "../../../shared/run/periods.ts";
import type { Issue, Run, SentBy } from "../../../shared/run/run.ts";
import { computeStratum } from "../../../shared/run/stratum.ts";
import { runId } from "../../store/runs/runs.ts";
import { nameRun } from "./host-name.ts";
import { MAX_NAME, type ParsedMetadata, parseMetadata, type RunMetadata, type UploadMetadata } from "./metadata.ts";
import { isOtherLine, namedIssue, notBonnieText, recognizeOutput } from "./other-output.ts";

/** What an upload is, apart from its text. */
export interface UploadRequest {
  readonly fleet: string;
  /** ISO 8601 UTC; also the time at which runs finished that state none. */
  readonly receivedAt: string;
  readonly encoding: "utf-8" | "latin-1";
  /** Metadata of the query; `# key: value` lines of the text take precedence. */
  readonly parameters: UploadMetadata;
  /** The token that the upload was sent with; null for lines from a file. */
  readonly sentBy: SentBy | null;
  /** The text that was read; messages name the program whose output it looks like. */
  readonly text?: string;
}

/** A run with the line of the upload it came from. */
interface UploadedRun {
  readonly line: number;
  readonly run: Run;
}

/** A line that cannot be stored as a run, with its metadata as sent. */
export interface RejectedLine {
  readonly issue: Issue;
  readonly metadata: UploadMetadata;
}

export interface Upload {
  readonly runs: readonly UploadedRun[];
  readonly rejected: readonly RejectedLine[];
}

/**
 * Parses an upload. Throws `bad_parameter` when metadata is wrong anywhere, `no_result` when nothing looks like a result of Bonnie++,
 * `no_backend` when no line has a backend, and `too_large` when the runs would be stored with too many copies of their facts.
 */
export function readUpload(reading: Reading, request: UploadRequest): Upload {
  const steps = uploadSteps(reading, request);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same, one entry at a time, so that a server can serve other requests in between. */
export function* uploadSteps(reading: Reading, request: UploadRequest): Generator<void, Upload> {
  const metadata = readMetadata(reading, request.parameters);
  assertFewCopies(reading, request.parameters, metadata);
  const runs: UploadedRun[] = [];
  const rejected: RejectedLine[] = [];
  let sent = request.parameters;
  let count = Object.keys(sent).length;
  for (const entry of reading.entries) {
    yield;
    if (entry.kind === "directive") {
      sent = { ...sent, [entry.key]: entry.value };
      count += 1;
    } else if (entry.kind === "issue") {
      rejected.push({ issue: namedIssue(entry.issue), metadata: sent });
    } else {
      const run = toRun(entry.result, metadata.after(count), request);
      if ("code" in run) rejected.push({ issue: run, metadata: sent });
      else runs.push({ line: entry.result.line, run });
    }
  }
  if (runs.length === 0 && rejected.every(({ issue }) => isOtherLine(issue))) {
    throw noResult(request.text ?? "", rejected[0]?.issue);
  }
  const hasBackend =
    request.parameters["backend"] !== undefined || findDirectives(reading).some(({ key }) => key === "backend");
  if (!hasBackend) {
    const issues = rejected.map(({ issue }) => issue).filter(({ code }) => code !== "no_backend");
    throw new AppError("no_backend", "no backend given", { issues });
  }
  return { runs, rejected };
}

/** The error of a text without any result; it names the program whose output the text, or its first rejected line, looks like. */
export function noResult(text: string, issue?: Issue): AppError {
  const name = recognizeOutput(text, issue);
  const what = name === null ? "neither a CSV line nor a text table" : notBonnieText(name);
  return new AppError("no_result", `no Bonnie++ result found: ${what}`, { nothingStored: true });
}

const findDirectives = ({ entries }: Reading): (Directive & { readonly kind: "directive" })[] =>
  entries.filter((entry) => entry.kind === "directive");

/**
 * The metadata of the parameters, then of all `# key: value` lines. Wrong metadata rejects the whole upload before any line
 * is parsed: a wrong key would give wrong facts to every line after it.
 */
function readMetadata(reading: Reading, parameters: UploadMetadata): ParsedMetadata {
  const fromQuery = Object.entries(parameters).map(([key, value]) => ({ line: 0, column: 0, key, value, raw: "" }));
  const parsed = parseMetadata([...fromQuery, ...findDirectives(reading)]);
  if ("value" in parsed) return parsed.value;
  const issues = parsed.errors.map(({ entry: { line, column, key, raw }, code, text }): Issue => {
    return { line, column, field: key.slice(0, MAX_NAME), code, text, raw };
  });
  const { line = 0, text = "" } = issues[0] ?? {};
  throw new AppError("bad_parameter", text, { issues, nothingStored: true, ...(line > 0 && { line }) });
}

/** Bytes of facts that an upload may add by metadata that holds for many lines: as much as a body may have unpacked. */
const MAX_COPIED_BYTES = 8_388_608;

/** Metadata is stored with every line it holds for, so a small upload could become a large one. Throws `too_large`. */
function assertFewCopies({ entries }: Reading, parameters: UploadMetadata, metadata: ParsedMetadata): void {
  let count = Object.keys(parameters).length;
  let copied = 0;
  let lines = 0;
  for (const entry of entries) {
    if (entry.kind === "directive") {
      count += 1;
    } else {
      lines += 1;
      copied += metadata.factBytesAfter(count);
    }
  }
  if (copied <= MAX_COPIED_BYTES) return;
  throw new AppError(
    "too_large",
    `the facts of this upload take ${copied} bytes when stored with each of its ${lines} results, at most ${MAX_COPIED_BYTES} are allowed; send fewer facts, or split the upload`,
    { nothingStored: true },
  );
}

/** Real results have at most 2 000 characters. A longer one is an accident, and would not fit the item of its run. */
const MAX_RESULT = 16_384;

function toRun(result: BonnieResult, metadata: RunMetadata, request: UploadRequest): Run | Issue {
  const { line, raw, setup, metrics } = result;
  const reject = (field: string, code: string, text: string): Issue => ({ line, column: 1, field, code, text, raw });
  if (raw.length > MAX_RESULT) {
    return reject(
      "line",
      "line_too_long",
      `expected at most ${MAX_RESULT} characters in a result, found ${raw.length}`,
    );
  }
  if (metadata.backend === null) {
    return reject(
      "backend",
      "no_backend",
      'expected a backend for this line, found none: add a line "# backend: ..." before it',
    );
  }
  const names = nameRun(result, metadata);
  if ("code" in names) return reject(names.field, names.code, names.text);
  const { host, vm } = names;
  const { backend, finished, facts } = metadata;
  const { fleet, receivedAt, encoding, sentBy } = request;
  // From a log, wrapped by mail or as it was printed, a line is one run.
  const printed = result.printed ?? raw;
  const sent = finished?.asSent ?? null;
  return {
    id: runId({ fleet, host, vm, backend, run: metadata.run, finished: sent, line: printed, encoding }),
    fleet,
    host,
    vm,
    backend,
    stratum: computeStratum(setup),
    finished_at: finished?.at ?? receivedAt,
    received_at: receivedAt,
    raw,
    raw_encoding: encoding,
    parser_version: PARSER_VERSION,
    client_run: metadata.run,
    facts,
    bonnie: setup,
    metrics,
    quality: assessQuality({ setup, metrics, facts, backend }),
    warnings: [...result.warnings, ...names.warnings, ...metadata.warnings, ...timeWarnings(metadata, receivedAt)],
    sent_by: sentBy,
    withdrawn_at: null,
  };
}

const DAY_MS = 86_400_000;

function timeWarnings({ finished }: RunMetadata, receivedAt: string): string[] {
  if (finished === null) return [];
  const isAhead = Date.parse(finished.at) - Date.parse(receivedAt) > DAY_MS;
  return [
    ...(finished.warning === null ? [] : [finished.warning]),
    ...(isAhead
      ? ["finished_in_future: finished is more than a day after the time of receipt; is a clock wrong?"]
      : []),
  ];
}

/** Months of one upload, not counting the first of each host: five years of one host, or old results of many hosts. */
const MAX_MONTHS = 60;

/**
 * Throws `too_large` when the runs of an upload finished in more months than aggregation can process in about a second: each
 * month of a host costs a summary and its cells, and the same for its quarter and year.
 */
export function assertFewMonths({ runs }: Upload): void {
  const months = new Set(runs.map(({ run }) => `${run.host}\n${toMonth(run.finished_at)}`));
  const further = months.size - new Set(runs.map(({ run }) => run.host)).size;
  if (further < MAX_MONTHS) return;
  throw new AppError(
    "too_large",
    `expected results of at most ${MAX_MONTHS} months, not counting the first of each host, found ${further + 1}; split the upload by time, or use \`vbdstat import\``,
    { nothingStored: true },
  );
}
