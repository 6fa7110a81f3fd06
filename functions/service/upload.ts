// An upload, understood: text in, runs and rejected lines out. Nothing is stored here, nothing is read from a store: what
// an upload means depends on its bytes, its parameters, the fleet and the time of receipt only.

import { PARSER_VERSION } from "../../shared/bonnie/reader.ts";
import type { BonnieResult, Entry, Reading } from "../../shared/bonnie/types.ts";
import { AppError } from "../../shared/errors.ts";
import { assessQuality } from "../../shared/quality/assess.ts";
import { monthOf } from "../../shared/run/periods.ts";
import type { Issue, Run } from "../../shared/run/run.ts";
import { computeStratum } from "../../shared/run/stratum.ts";
import { normalizeText } from "../../shared/run/text.ts";
import { runId } from "../store/runs.ts";
import {
  type Context,
  isFact,
  isName,
  MAX_NAME,
  type MetadataError,
  metadataError,
  nameFault,
  reparseFinished,
  type Said,
  understand,
} from "./metadata.ts";

// Months: every month in which a host's runs have changed costs aggregation a summary and its cells again, and the quarter and
// the year around it. One upload may touch so many of them and no more.

/** Months of one upload, counted for each host beyond its first: a host's results of five years, or old ones of many hosts. */
const MAX_MONTHS = 60;

/** Throws `too_large` when the runs of an upload finished in more months than aggregation counts in a second or so. */
export function rejectManyMonths({ runs }: Upload): void {
  const months = new Set(runs.map(({ run }) => `${run.host}\n${monthOf(run.finished_at)}`));
  const further = months.size - new Set(runs.map(({ run }) => run.host)).size;
  if (further < MAX_MONTHS) return;
  throw new AppError(
    "too_large",
    `expected results of at most ${MAX_MONTHS} months, counted for each host beyond its first, found ${further + 1}; send them in pieces by time, or use \`vbdstat import\`; nothing was stored`,
  );
}

/** Who sent an upload, when, and what was said in its parameters. */
export interface UploadRequest {
  readonly fleet: string;
  readonly receivedAt: string;
  readonly encoding: "utf-8" | "latin-1";
  readonly parameters: Context;
}

/** A run with the line of the upload it came from. */
interface UploadedRun {
  readonly line: number;
  readonly run: Run;
}

/** A line that cannot be stored as a run, with all that was said about it. */
export interface RejectedLine {
  readonly issue: Issue;
  readonly context: Context;
}

export interface Upload {
  readonly runs: readonly UploadedRun[];
  readonly rejected: readonly RejectedLine[];
}

/** Real results have at most 2 000 characters. A longer one is an accident; its text would not fit the item that keeps it. */
const MAX_RESULT = 16_384;

/** Labels of one run: what is said of a run is stored with it, and must fit its item as well. */
const MAX_LABELS = 100;

/** Bytes of all facts of a run, keys and values as UTF-8: each run of an upload is stored with a copy of them. */
const MAX_FACT_BYTES = 4_096;

/** Bytes that an upload may add to its own by what it says of many lines at once: as much as a body may have unpacked. */
const MAX_COPIED_BYTES = 8_388_608;

/**
 * Understands an upload. Throws `bad_parameter` when a key or value that was said is wrong, `no_result` when there is
 * nothing in it that looks like a result, `no_backend` when no line has one.
 */
export function readUpload(reading: Reading, envelope: UploadRequest): Upload {
  const steps = understanding(reading, envelope);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same, a line at a time: so that a server can serve others in between. */
export function* understanding(reading: Reading, envelope: UploadRequest): Generator<void, Upload> {
  refuseFaults(reading, envelope.parameters);
  refuseManyCopies(reading, envelope.parameters);
  const runs: UploadedRun[] = [];
  const rejected: RejectedLine[] = [];
  let context = envelope.parameters;
  // Understood when a result asks for it: a body may have thousands of directives before its first result.
  let said: Said | null = null;
  for (const entry of reading.entries) {
    yield;
    if (entry.kind === "directive") {
      context = { ...context, [entry.key]: entry.value };
      // When a run finished is said for each: nothing else depends on it, so the rest is not understood anew.
      if (entry.key !== "finished") said = null;
      else if (said !== null) said = reparseFinished(said, context);
    } else if (entry.kind === "issue") {
      rejected.push({ issue: entry.issue, context });
    } else {
      said ??= understand(context);
      const run = runOf(entry.result, said, envelope);
      if ("code" in run) rejected.push({ issue: run, context });
      else runs.push({ line: entry.result.line, run });
    }
  }
  if (runs.length === 0 && rejected.length === 0) {
    throw new AppError("no_result", "there is no Bonnie++ result in the body: neither a CSV line nor a text table");
  }
  if (envelope.parameters["backend"] === undefined && !reading.entries.some(isBackendDirective)) {
    throw new AppError(
      "no_backend",
      'no backend given: add ?backend=loop (or phy, blktap2, qdisk ...) to the address, or a line "# backend: loop" before the results',
      {
        issues: rejected.map(({ issue }) => issue).filter(({ code }) => code !== "no_backend"),
      },
    );
  }
  return { runs, rejected };
}

const isBackendDirective = (entry: Entry) => entry.kind === "directive" && entry.key === "backend";

/** Whatever was said must be right before anything is tried: a wrong key would give every line after it wrong facts. */
function refuseFaults(reading: Reading, parameters: Context): void {
  const fromQuery = Object.entries(parameters).map(([key, value]) => ({ line: 0, column: 0, key, value, raw: "" }));
  const directives = reading.entries.filter((entry) => entry.kind === "directive");
  const labels = new Set<string>();
  const said = saidBytes();
  let isTooLarge = false;
  const issues: Issue[] = [];
  for (const { line, column, key, value, raw } of [...fromQuery, ...directives]) {
    if (key.startsWith("label.")) labels.add(key);
    let fault = labels.size > MAX_LABELS ? tooManyLabels(key) : metadataError(key, value);
    const bytes = said.add(key, value);
    if (fault === null && bytes > MAX_FACT_BYTES && !isTooLarge) {
      // Said once: it is as true of everything that follows.
      isTooLarge = true;
      fault = factsTooLarge(key, bytes);
    }
    if (fault === null) continue;
    issues.push({ line, column, field: key.slice(0, MAX_NAME), code: fault.code, text: fault.text, raw });
    if (issues.length === MAX_FAULTS) break;
  }
  const [first] = issues;
  if (first === undefined) return;
  const where = first.line === 0 ? "" : `line ${first.line}: `;
  throw new AppError("bad_parameter", `${where}${first.text}; nothing was stored`, { issues });
}

/** Enough to mend an upload by; a body can have thousands. */
const MAX_FAULTS = 100;

function tooManyLabels(key: string): MetadataError {
  return { key, code: "too_many_labels", text: `${key}: expected at most ${MAX_LABELS} different labels, found more` };
}

function factsTooLarge(key: string, bytes: number): MetadataError {
  const text = `${key}: expected at most ${MAX_FACT_BYTES} bytes of keys and values for all facts of a run together, found ${bytes} with this one`;
  return { key, code: "facts_too_large", text };
}

/** Counts the bytes that are said of the next line: a key said again takes the place of what it said before. */
function saidBytes(): { add(key: string, value: string): number } {
  const sizes = new Map<string, number>();
  let total = 0;
  return {
    add: (key, value) => {
      // Which run it is stands in the run once, whatever else is said: names are short, and no facts.
      const bytes = isFact(key) ? Buffer.byteLength(key) + Buffer.byteLength(normalizeText(value)) : 0;
      total += bytes - (sizes.get(key) ?? 0);
      sizes.set(key, bytes);
      return total;
    },
  };
}

/**
 * What is said once holds for all lines that follow, and is stored with each: a small upload could become a large one.
 * Throws `too_large` before anything is made of it.
 */
function refuseManyCopies({ entries }: Reading, parameters: Context): void {
  const said = saidBytes();
  let ofLine = 0;
  for (const [key, value] of Object.entries(parameters)) ofLine = said.add(key, value);
  let copied = 0;
  let lines = 0;
  for (const entry of entries) {
    if (entry.kind === "directive") {
      ofLine = said.add(entry.key, entry.value);
    } else {
      lines += 1;
      copied += ofLine;
    }
  }
  if (copied <= MAX_COPIED_BYTES) return;
  throw new AppError(
    "too_large",
    `the facts of this upload, stored with each of its ${lines} results, come to ${copied} bytes; expected at most ${MAX_COPIED_BYTES} in one upload: say fewer facts, or send it in pieces; nothing was stored`,
  );
}

function runOf(result: BonnieResult, said: Said, envelope: UploadRequest): Run | Issue {
  const { line, raw, setup, metrics } = result;
  const reject = (field: string, code: string, text: string): Issue => ({ line, column: 1, field, code, text, raw });
  if (raw.length > MAX_RESULT) {
    return reject(
      "line",
      "line_too_long",
      `expected at most ${MAX_RESULT} characters in a result, found ${raw.length}`,
    );
  }
  if (said.backend === null) {
    return reject(
      "backend",
      "no_backend",
      'expected a backend for this line, found none: say "# backend: ..." before it',
    );
  }
  const machine = normalizeText(setup.machine);
  const host = said.host ?? machine;
  if (!isName(host)) {
    return reject("host", "bad_host", nameFault("a machine name in the line, or host= beside it, of ", host));
  }
  const vm = said.vm ?? (machine === "" ? host : machine);
  if (!isName(vm)) {
    return reject("vm", "bad_vm", nameFault("a machine name in the line, or vm= beside it, of ", vm));
  }
  const { backend, finished, facts } = said;
  const { fleet, receivedAt, encoding } = envelope;
  return {
    id: runId({ fleet, host, vm, backend, run: said.run, finished: finished?.asSent ?? null, raw, encoding }),
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
    client_run: said.run,
    facts,
    bonnie: setup,
    metrics,
    quality: assessQuality({ setup, metrics, facts, backend }),
    warnings: [...result.warnings, ...said.warnings, ...timeWarnings(said, receivedAt)],
    withdrawn_at: null,
  };
}

const DAY_MS = 86_400_000;

function timeWarnings({ finished }: Said, receivedAt: string): string[] {
  if (finished === null) return [];
  const ahead = Date.parse(finished.at) - Date.parse(receivedAt) > DAY_MS;
  return [
    ...(finished.warning === null ? [] : [finished.warning]),
    ...(ahead ? ["finished_in_future: finished is more than a day after the time of receipt; is a clock wrong?"] : []),
  ];
}
