import { parseMetadata, type UploadMetadata } from "../../functions/service/metadata.ts";
import { noResult, readUpload, type Upload } from "../../functions/service/upload.ts";
import { hostHash } from "../../functions/store/keys.ts";
import { makeRunStore } from "../../functions/store/runs.ts";
import { addFleet } from "../../functions/store/status.ts";
import type { Table } from "../../functions/store/table.ts";
import { decode } from "../../functions/web/http/body.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { type Advice, AppError, errorText, issueText } from "../../shared/errors.ts";
import type { Run } from "../../shared/run/run.ts";
import { computeStratum } from "../../shared/run/stratum.ts";
import { printable } from "../../shared/run/text.ts";
import { FLEET_PATTERN } from "../../shared/run/token.ts";
import { run as runKind } from "../../shared/summaries/run.ts";
import { type BulkWriter, makeBulkWriter } from "./bulk-writer.ts";
import { type Command, DEFAULT_FLEET, fleetOption, type Terminal, textOption, UsageError } from "./command.ts";
import { linesOf } from "./lines.ts";
import { countFleet, showProgress } from "./progress.ts";

/** A time as we write it; others would be sorted wrongly among ours. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Reads a line of an export; a text that says what is wrong when it is none, or belongs to another fleet. */
function readExportedRun(line: string, fleet: string | undefined): Run | string {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(line, "latin1").toString("utf8"));
  } catch {
    return "expected a run as JSON, found something else";
  }
  const parsed = runKind.result().safeParse(value);
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

// A long file of Bonnie++ output in pieces that the reader takes. What `# key: value` lines say holds for later pieces too.

/** A piece, understood, and the number of lines of the file before it. */
export interface Piece {
  readonly upload: Upload;
  readonly linesBefore: number;
}

/** From here on a piece ends where it can; and where it must, for the reader takes no more. */
const LINES_WANTED = 1_000;
const MAX_LINES = 9_000;
/** Bytes at which it must end: lines may be long, and a piece is held in memory. */
const MAX_BYTES = 2 ** 22;

/**
 * Pieces of a file, in order. A piece ends between CSV lines only, because a text table and the CSV line that repeats it
 * must be read together; one that holds tables ends before a line that starts with `#` when it has grown to 5 times its
 * size. Throws PieceError for what `readUpload` rejects.
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
  for await (const line of lines) {
    if (bytes >= MAX_BYTES || endsBefore(line, piece, isPlain)) yield* understood();
    piece.push(line);
    bytes += line.length;
    isPlain &&= isCsv(line) || line.startsWith("#") || line.trim() === "";
  }
  yield* understood();
  if (results === 0) throw noResult();

  function* understood(): Generator<Piece, void> {
    const { text, encoding } = decode(Buffer.from(piece.join("\n"), "latin1"));
    const reading = readBonnie(text);
    const { fleet, receivedAt } = about;
    try {
      const upload = readUpload(reading, { fleet, receivedAt, encoding, parameters: context });
      results += upload.runs.length + upload.rejected.length;
      yield { upload, linesBefore };
    } catch (error) {
      // A piece may be nothing but noise; that the file has no result is said at its end.
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
  if (piece.length < LINES_WANTED) return false;
  if (piece.length >= MAX_LINES) return true;
  const isNew = line.startsWith("#");
  if (isPlain) return isCsv(piece.at(-1) ?? "") && (isNew || isCsv(line));
  return isNew && piece.length >= 5 * LINES_WANTED;
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

/** What the user of this command can do about an error. */
const ADVICE: Advice = {
  no_backend: 'add --backend loop (or phy, blktap2, qdisk ...), or a line "# backend: loop" before the results',
};

export const importFiles: Command = {
  help: `vbdstat import FILE... [--fleet F] [--backend B] [KEY=VALUE...] [--no-aggregate]
Stores results: Bonnie++ output, or what \`vbdstat export\` wrote.

Bonnie++ output is taken as POST /v1/results takes it: lines "# key: value" hold for the results
after them. FILE may be - for standard input, and gzip. Results that are there already are
recognised, so the same file can be imported again. Lines that cannot be read are listed, not
quarantined. A wrong "# key: value" line ends its file; what stood before it may have been stored.

  --fleet F         the fleet; "default" if not given. Exported runs stay in theirs
  --backend B       the backend of results that do not say theirs
  KEY=VALUE         any other fact, as in the address of an upload:
                    host=dom0-1 site=fra finished=2026-11-22T10:15:00Z
  --no-aggregate    leaves counting the results to the server

Exit codes: 0 all stored; 1 lines were rejected, or it broke off; 2 wrong arguments.`,
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

/** What is a fact and not a file; a file of such a name is `./key=value`. */
const FACT = /^[a-z][\w.]*=/;

/** Bytes of a line: an upload has no more of all its lines together. */
const MAX_LINE = 2 ** 20;

interface Order {
  readonly files: readonly string[];
  readonly fleet: string | undefined;
  readonly parameters: UploadMetadata;
  readonly aggregates: boolean;
}

async function importAll(table: Table, terminal: Terminal, order: Order): Promise<0 | 1> {
  const progress = showProgress(terminal, "imported results");
  const loader = makeBulkWriter(makeRunStore(table), progress.at);
  const importing: Importing = { table, loader, order, fleets: new Set(), rejected: 0, broken: 0, terminal };
  for (const file of order.files) await importFile(importing, file);
  await loader.finish();
  progress.end();
  const { rejected, broken } = importing;
  await terminal.out(`stored ${loader.stored}, duplicate ${loader.duplicate}, rejected ${rejected}\n`);
  let faults = 0;
  if (order.aggregates) for (const fleet of importing.fleets) faults += await countFleet(table, terminal, fleet);
  return rejected + broken + faults === 0 ? 0 : 1;
}

interface Importing {
  readonly table: Table;
  readonly loader: BulkWriter;
  readonly order: Order;
  readonly terminal: Terminal;
  /** Fleets that got results. */
  readonly fleets: Set<string>;
  rejected: number;
  /** Files that were not read to their end. */
  broken: number;
}

async function importFile(importing: Importing, file: string): Promise<void> {
  try {
    const lines = linesOf(file, {
      longest: MAX_LINE,
      onOverlong: (line, bytes) => {
        const text = `expected at most ${MAX_LINE} bytes in a line, found ${bytes}`;
        tell(importing, file, `line ${line}, column 1, ${text} [line_too_long]`);
        importing.rejected += 1;
      },
    });
    const first = await firstText(lines);
    if (first.at(-1)?.trimStart().startsWith("{") === true) await importExport(importing, file, chained(first, lines));
    else await importBonnie(importing, file, chained(first, lines));
  } catch (error) {
    const text = fileErrorText(error);
    if (text === null) throw error;
    importing.broken += 1;
    tell(importing, file, text);
  }
}

/** What is wrong with the file; null when the error is about the store, so that no other file can be imported either. */
function fileErrorText(error: unknown): string | null {
  if (error instanceof PieceError) return errorText(error.cause, { advice: ADVICE, linesBefore: error.linesBefore });
  if (error instanceof AppError) return ["slow_down", "unavailable"].includes(error.code) ? null : errorText(error);
  return error instanceof Error && "code" in error ? error.message : null;
}

const tell = ({ terminal }: Importing, file: string, text: string): void =>
  terminal.error(`${terminal.isInteractive ? "\r\u001b[K" : ""}${printable(`${file}: ${text}`)}\n`);

/** The first lines, up to the first that is not blank. */
async function firstText(lines: AsyncGenerator<string, void>): Promise<string[]> {
  const first: string[] = [];
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    first.push(next.value);
    if (next.value.trim() !== "") break;
  }
  return first;
}

async function* chained(first: readonly string[], others: AsyncGenerator<string, void>): AsyncGenerator<string, void> {
  yield* first;
  yield* others;
}

async function enter({ table, fleets }: Importing, fleet: string): Promise<void> {
  if (fleets.has(fleet)) return;
  await addFleet(table, fleet);
  fleets.add(fleet);
}

async function importBonnie(importing: Importing, file: string, lines: AsyncGenerator<string, void>): Promise<void> {
  const { fleet = DEFAULT_FLEET, parameters } = importing.order;
  await enter(importing, fleet);
  const about = { fleet, parameters, receivedAt: new Date().toISOString() };
  for await (const { upload, linesBefore } of bonniePieces(lines, about)) {
    for (const { issue } of upload.rejected) {
      tell(importing, file, issueText({ ...issue, line: issue.line + linesBefore }));
    }
    importing.rejected += upload.rejected.length;
    await importing.loader.add(upload.runs.map(({ run }) => run));
  }
}

async function importExport(importing: Importing, file: string, lines: AsyncGenerator<string, void>): Promise<void> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === "") continue;
    const run = readExportedRun(line, importing.order.fleet);
    if (typeof run === "string") {
      tell(importing, file, `line ${number}, column 1, ${run}`);
      importing.rejected += 1;
    } else {
      await enter(importing, run.fleet);
      await importing.loader.add([run]);
    }
  }
}
