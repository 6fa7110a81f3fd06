// `vbdstat import`: files of Bonnie++ output, or of `vbdstat export`, into the store. Each file is read line by line; errors name the
// file and the line, and the other files are still imported.

import { parseMetadata, type UploadMetadata } from "../../functions/service/upload/metadata.ts";
import { noResult, readUpload, type Upload } from "../../functions/service/upload/upload.ts";
import { addFleet } from "../../functions/store/fleet/tokens.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { hostHash } from "../../functions/store/table/keys.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { decode } from "../../functions/web/http/body.ts";
import { plainWords } from "../../shared/api/plain-words.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { type Advice, AppError, errorText, issueText } from "../../shared/errors.ts";
import type { Run } from "../../shared/run/run.ts";
import { computeStratum } from "../../shared/run/stratum.ts";
import { printable } from "../../shared/run/text.ts";
import { FLEET_PATTERN } from "../../shared/run/token.ts";
import { run as runKind } from "../../shared/summaries/run.ts";
import { textOption, UsageError } from "./arguments.ts";
import { type BulkWriter, makeBulkWriter } from "./bulk-writer.ts";
import { type Command, DEFAULT_FLEET, fleetOption, type Terminal } from "./command.ts";
import { readLines } from "./lines.ts";
import { countFleet, showProgress } from "./progress.ts";

export const importFiles: Command = {
  help: `vbdstat import FILE... [--fleet F] [--backend B] [KEY=VALUE...] [--no-aggregate]
Stores results: Bonnie++ output, or the output of \`vbdstat export\`.

Bonnie++ output is read as by POST /v1/results: lines "# key: value" apply to the results after
them. FILE may be - for standard input, and gzip. Existing results are skipped, so the same file can
be imported again. Lines that cannot be parsed are listed, not quarantined. An invalid
"# key: value" line stops that file; earlier results may already be stored.

  --fleet F         the fleet; "default" if not given. Exported runs stay in their fleet
  --backend B       the backend for results that don't specify one
  KEY=VALUE         any other fact, as in the URL of an upload:
                    host=dom0-1 site=fra finished=2026-11-22T10:15:00Z
  --no-aggregate    let the server count the results

Exit codes: 0 success; 1 lines were rejected, or a file is incomplete; 2 usage error.`,
  options: { fleet: { type: "string" }, backend: { type: "string" }, "no-aggregate": { type: "boolean" } },
  mayCreate: true,
  prepare(given) {
    const facts = given.positionals.filter((text) => FACT.test(text));
    const files = given.positionals.filter((text) => !FACT.test(text));
    if (files.length === 0) throw new UsageError("expected a file, or - for standard input, found none");
    const backend = textOption(given, "backend");
    const parameters: UploadMetadata = {
      ...(backend === undefined ? {} : { backend }),
      ...Object.fromEntries(facts.map((fact) => [fact.slice(0, fact.indexOf("=")), fact.slice(fact.indexOf("=") + 1)])),
    };
    const parsed = parseMetadata(Object.entries(parameters).map(([key, value]) => ({ key, value })));
    if ("errors" in parsed) throw new UsageError(parsed.errors.map(({ text }) => text).join("\n"));
    const fleet = fleetOption(given);
    return (table, terminal) =>
      importAll(table, terminal, { files, fleet, parameters, aggregates: given.values["no-aggregate"] !== true });
  },
};

/** An argument that is a fact and not a file; a file with such a name is `./key=value`. */
const FACT = /^[a-z][\w.]*=/;

/** The maximum length of a line: that of a whole upload. */
const MAX_LINE_BYTES = 2 ** 20;

interface ImportOptions {
  readonly files: readonly string[];
  readonly fleet: string | undefined;
  readonly parameters: UploadMetadata;
  readonly aggregates: boolean;
}

async function importAll(table: Table, terminal: Terminal, options: ImportOptions): Promise<0 | 1> {
  const progress = showProgress(terminal, "imported results");
  const writer = makeBulkWriter(makeRunStore(table), progress.at);
  const importing: Importing = { table, writer, options, fleets: new Set(), rejected: 0, incomplete: 0, terminal };
  for (const file of options.files) await importFile(importing, file);
  await writer.finish();
  progress.end();
  const { rejected, incomplete } = importing;
  await terminal.out(`stored ${writer.stored}, duplicate ${writer.duplicate}, rejected ${rejected}\n`);
  let failed = 0;
  if (options.aggregates) for (const fleet of importing.fleets) failed += await countFleet(table, terminal, fleet);
  return rejected + incomplete + failed === 0 ? 0 : 1;
}

interface Importing {
  readonly table: Table;
  readonly writer: BulkWriter;
  readonly options: ImportOptions;
  readonly terminal: Terminal;
  /** Fleets with new results. */
  readonly fleets: Set<string>;
  rejected: number;
  /** Files that were not read to their end. */
  incomplete: number;
}

async function importFile(importing: Importing, file: string): Promise<void> {
  try {
    const lines = readLines(file, {
      maxBytes: MAX_LINE_BYTES,
      onOverlong: (line, bytes) => {
        const text = `expected at most ${MAX_LINE_BYTES} bytes in a line, found ${bytes}`;
        report(importing, file, `line ${line}, column 1, ${text} [line_too_long]`);
        importing.rejected += 1;
      },
    });
    const first = await readStart(lines);
    if (first.at(-1)?.trimStart().startsWith("{") === true) await importExport(importing, file, concat(first, lines));
    else await importBonnie(importing, file, concat(first, lines));
  } catch (error) {
    const text = formatFileError(error);
    if (text === null) throw error;
    importing.incomplete += 1;
    report(importing, file, text);
  }
}

/** The message about an error of the file; null for an error of the store, after which nothing else can be imported either. */
function formatFileError(error: unknown): string | null {
  if (error instanceof PieceError) return errorText(error.cause, { advice: ADVICE, linesBefore: error.linesBefore });
  if (error instanceof AppError) return ["slow_down", "unavailable"].includes(error.code) ? null : errorText(error);
  return error instanceof Error && "code" in error ? error.message : null;
}

const report = ({ terminal }: Importing, file: string, text: string): void =>
  terminal.error(`${terminal.isInteractive ? "\r\u001b[K" : ""}${printable(`${file}: ${text}`)}\n`);

/** Reads the first lines, up to the first that is not empty. */
async function readStart(lines: AsyncGenerator<string, void>): Promise<string[]> {
  const first: string[] = [];
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    first.push(next.value);
    if (next.value.trim() !== "") break;
  }
  return first;
}

async function* concat(first: readonly string[], others: AsyncGenerator<string, void>): AsyncGenerator<string, void> {
  yield* first;
  yield* others;
}

async function registerFleet({ table, fleets }: Importing, fleet: string): Promise<void> {
  if (fleets.has(fleet)) return;
  await addFleet(table, fleet);
  fleets.add(fleet);
}

async function importBonnie(importing: Importing, file: string, lines: AsyncGenerator<string, void>): Promise<void> {
  const { fleet = DEFAULT_FLEET, parameters } = importing.options;
  await registerFleet(importing, fleet);
  const about = { fleet, parameters, receivedAt: new Date().toISOString() };
  for await (const { upload, linesBefore } of bonniePieces(lines, about)) {
    for (const { issue } of upload.rejected) {
      report(importing, file, issueText({ ...issue, line: issue.line + linesBefore }));
    }
    importing.rejected += upload.rejected.length;
    await importing.writer.add(upload.runs.map(({ run }) => run));
  }
}

async function importExport(importing: Importing, file: string, lines: AsyncGenerator<string, void>): Promise<void> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === "") continue;
    const run = parseExportedRun(line, importing.options.fleet);
    if (typeof run === "string") {
      report(importing, file, `line ${number}, column 1, ${run}`);
      importing.rejected += 1;
    } else {
      await registerFleet(importing, run.fleet);
      await importing.writer.add([run]);
    }
  }
}

/** What the user of this command can do about an error. */
const ADVICE: Advice = {
  no_backend: 'add --backend loop (or phy, blktap2, qdisk ...), or a line "# backend: loop" before the results',
};

/** A time as the service writes it; another form would be sorted incorrectly. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Parses a line of an export; returns a message when it is invalid, or belongs to another fleet. */
function parseExportedRun(line: string, fleet: string | undefined): Run | string {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(line, "latin1").toString("utf8"));
  } catch {
    return "expected a run as JSON, found something else";
  }
  const parsed = runKind.result().safeParse(value, { error: plainWords });
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
  if (run.stratum !== computeStratum(run.bonnie))
    return `stratum: expected ${computeStratum(run.bonnie)}, found ${run.stratum}`;
  const times = [run.finished_at, run.received_at, run.withdrawn_at ?? run.received_at];
  if (!times.every((time) => INSTANT.test(time))) return "times: expected UTC with milliseconds";
  return run;
}

// Bonnie++ output of any length, in pieces that the parser accepts. `# key: value` lines apply to later pieces, too.

/** A parsed piece, and the number of lines before it in the file. */
export interface Piece {
  readonly upload: Upload;
  readonly linesBefore: number;
}

/** A piece ends at the first possible line from here on, and at the latest where the parser accepts no more. */
const MIN_LINES = 1_000;
const MAX_LINES = 9_000;
/** Bytes at which a piece must end: lines may be long, and a piece is held in memory. */
const MAX_BYTES = 2 ** 22;

/**
 * The pieces of a file, in order. A piece ends only between CSV lines, because a text table and the CSV line that repeats it must be parsed
 * together; a piece with tables ends before a line that starts with `#` when it has 5 times MIN_LINES. Throws PieceError for errors of
 * `readUpload`.
 */
export async function* bonniePieces(
  lines: AsyncIterable<string>,
  about: { readonly fleet: string; readonly receivedAt: string; readonly parameters: UploadMetadata },
): AsyncGenerator<Piece, void> {
  let context = about.parameters;
  let linesBefore = 0;
  let results = 0;
  let piece: string[] = [];
  let bytes = 0;
  let isPlain = true;
  let beginning = "";
  for await (const line of lines) {
    if (bytes >= MAX_BYTES || endsBefore(line, piece, isPlain)) yield* parsePiece();
    piece.push(line);
    bytes += line.length;
    isPlain &&= isCsv(line) || line.startsWith("#") || line.trim() === "";
  }
  yield* parsePiece();
  if (results === 0) throw noResult(beginning);

  function* parsePiece(): Generator<Piece, void> {
    const { text, encoding } = decode(Buffer.from(piece.join("\n"), "latin1"));
    const reading = readBonnie(text);
    if (linesBefore === 0) beginning = text;
    const { fleet, receivedAt } = about;
    try {
      const upload = readUpload(reading, { fleet, receivedAt, encoding, parameters: context, sentBy: null });
      results += upload.runs.length + upload.rejected.length;
      yield { upload, linesBefore };
    } catch (error) {
      // A piece may have no result; a file without any is reported at its end.
      if (!(error instanceof AppError)) throw error;
      if (error.code !== "no_result") throw new PieceError(error, linesBefore);
    }
    for (const entry of reading.entries) {
      if (entry.kind === "directive") context = { ...context, [entry.key]: entry.value };
    }
    linesBefore += piece.length;
    piece = [];
    bytes = 0;
    isPlain = true;
  }
}

const isCsv = (line: string): boolean => line.split(",", 21).length > 20;

function endsBefore(line: string, piece: readonly string[], isPlain: boolean): boolean {
  if (piece.length < MIN_LINES) return false;
  if (piece.length >= MAX_LINES) return true;
  const isNew = line.startsWith("#");
  if (isPlain) return isCsv(piece.at(-1) ?? "") && (isNew || isCsv(line));
  return isNew && piece.length >= 5 * MIN_LINES;
}

/** The error of a piece; its lines are counted from the start of the piece. */
class PieceError extends Error {
  override readonly name = "PieceError";
  override readonly cause: AppError;
  readonly linesBefore: number;

  constructor(cause: AppError, linesBefore: number) {
    super(cause.message, { cause });
    this.cause = cause;
    this.linesBefore = linesBefore;
  }
}
