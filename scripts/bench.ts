// `npm run bench -- [SECTION...] [--quick] [--hosts 1000,10000] [--data FOLDER] [--profile]`: how fast vbdstat is on this machine, including
// the load generator. With --data the folder is kept, and the section on comparisons reuses the fleets in it; with --profile the server
// writes CPU profiles to dist/profiles, which scripts/profile.ts summarizes. Rows in the Go benchmark text format and a table on stdout,
// progress on stderr.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArguments, UsageError } from "../local/cli/arguments.ts";
import { aggregation, bulk } from "./bench/aggregation.ts";
import { coldStart } from "./bench/cold-start.ts";
import { comparison } from "./bench/comparison.ts";
import { engineAlone, engineReach } from "./bench/engine-alone.ts";
import { parser } from "./bench/parser.ts";
import { batches, singles } from "./bench/post.ts";
import { formatTable, goBenchmarkLine, type Row, type Section, withoutTargets } from "./bench/section.ts";

// The SDK would print on stderr that it will stop supporting this version of Node.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";

const SECTIONS: Readonly<Record<string, Section>> = {
  parser,
  "cold-start": coldStart,
  "engine-alone": engineAlone,
  "engine-reach": engineReach,
  bulk,
  batches,
  singles,
  aggregation,
  comparison,
};

/** The flags and the named sections; exits with 2 when they are invalid. */
function readFlags() {
  try {
    return parseFlags();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

function parseFlags() {
  const { values, positionals } = parseArguments(process.argv.slice(2), {
    quick: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    hosts: { type: "string" },
    data: { type: "string" },
  });
  const unknown = positionals.filter((name) => !(name in SECTIONS));
  if (unknown.length === 0) return { flags: values, names: positionals };
  throw new UsageError(`expected sections of ${Object.keys(SECTIONS).join(", ")}, found ${unknown.join(", ")}`);
}

const { flags, names } = readFlags();

const folder = flags.data ?? mkdtempSync(join(tmpdir(), "vbdstat-bench-"));
const options = {
  folder,
  quick: flags.quick,
  hosts: (flags.hosts ?? (flags.quick ? "50" : "1000,10000,100000")).split(",").map(Number),
  profile: (name: string) => (flags.profile ? name : null),
};
const rows: Row[] = [];
try {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: ["ignore", "inherit", "inherit"] });
  console.log(`cpu: ${cpus()[0]?.model.trim()}\nnode: ${process.version}\nmode: ${flags.quick ? "quick" : "full"}`);
  for (const [name, section] of Object.entries(SECTIONS)) {
    if (names.length > 0 && !names.includes(name)) continue;
    process.stderr.write(`${name}\n`);
    for (const row of await section(options)) {
      rows.push(row);
      console.log(goBenchmarkLine(row));
    }
  }
  // The quick sizes are too small for the targets.
  console.log(`\n${formatTable(flags.quick ? rows.map(withoutTargets) : rows)}`);
} finally {
  if (flags.data === undefined) rmSync(folder, { recursive: true, force: true });
}
