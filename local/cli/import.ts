import { issueLine } from "../../functions/http/issue-line.ts";
import { type Context, faultOf } from "../../functions/service/metadata.ts";
import { addFleet } from "../../functions/store/fleets.ts";
import { makeRunStore } from "../../functions/store/runs.ts";
import type { Table } from "../../functions/store/table.ts";
import { AppError } from "../../shared/errors.ts";
import { printable } from "../../shared/run/text.ts";
import { bonniePieces } from "./bonnie-pieces.ts";
import { type Command, type Terminal, textOption, UsageFault } from "./command.ts";
import { countFleet } from "./counting.ts";
import { readExportedRun } from "./exported-run.ts";
import { DEFAULT_FLEET, fleetOption } from "./fleet-option.ts";
import { linesOf } from "./lines.ts";
import { type Loader, makeLoader } from "./bulk-writer.ts";
import { showProgress } from "./progress.ts";

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
    if (files.length === 0) throw new UsageFault("expected a file, or - for standard input, found none");
    const backend = textOption(given, "backend");
    const parameters: Context = {
      ...(backend === undefined ? {} : { backend }),
      ...Object.fromEntries(facts.map((fact) => [fact.slice(0, fact.indexOf("=")), fact.slice(fact.indexOf("=") + 1)])),
    };
    for (const [key, value] of Object.entries(parameters)) {
      const fault = faultOf(key, value);
      if (fault !== null) throw new UsageFault(fault.text);
    }
    const fleet = fleetOption(given);
    return (table, terminal) =>
      importAll(table, terminal, { files, fleet, parameters, aggregates: given.values["no-aggregate"] !== true });
  },
};

/** What is a fact and not a file; a file of such a name is `./key=value`. */
const FACT = /^[a-z][\w.]*=/;

/** Bytes of a line: an upload has no more of all its lines together. */
const LONGEST_LINE = 2 ** 20;

interface Order {
  readonly files: readonly string[];
  readonly fleet: string | undefined;
  readonly parameters: Context;
  readonly aggregates: boolean;
}

async function importAll(table: Table, terminal: Terminal, order: Order): Promise<0 | 1> {
  const progress = showProgress(terminal, "imported results");
  const loader = makeLoader(makeRunStore(table), progress.at);
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
  readonly loader: Loader;
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
      longest: LONGEST_LINE,
      onOverlong: (line, bytes) => {
        const text = `expected at most ${LONGEST_LINE} bytes in a line, found ${bytes}`;
        tell(importing, file, `line ${line}, column 1, ${text} [line_too_long]`);
        importing.rejected += 1;
      },
    });
    const first = await firstText(lines);
    if (first.at(-1)?.trimStart().startsWith("{") === true) await importExport(importing, file, chained(first, lines));
    else await importBonnie(importing, file, chained(first, lines));
  } catch (error) {
    // About the store: nothing else can be imported either.
    if (error instanceof AppError && ["slow_down", "unavailable"].includes(error.code)) throw error;
    const isOfFile = error instanceof AppError || (error instanceof Error && "code" in error);
    if (!isOfFile) throw error;
    importing.broken += 1;
    tell(
      importing,
      file,
      error.message.replace("add ?backend=loop", "add --backend loop").replace(" to the address", ""),
    );
  }
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
      tell(importing, file, issueLine({ ...issue, line: issue.line + linesBefore }));
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
