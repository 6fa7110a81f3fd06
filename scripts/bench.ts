// `npm run bench [section ...] [--quick] [--hosts 1000,10000] [--data FOLDER] [--profile]`: how fast vbdstat is on this
// machine, load generator included. With --data the folder is kept, and the section on comparisons loads no fleet that is
// in it already; with --profile the server leaves CPU profiles in dist/profiles, which scripts/profile.ts puts into words.
// Rows in the Go benchmark text format and a table on stdout, progress on stderr.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { aggregation } from "./bench/aggregation.ts";
import { bulk } from "./bench/bulk.ts";
import { coldStart } from "./bench/cold-start.ts";
import { comparison } from "./bench/comparison.ts";
import { engineAlone } from "./bench/engine-alone.ts";
import { engineReach } from "./bench/engine-reach.ts";
import { parser } from "./bench/parser.ts";
import { batches, singles } from "./bench/post.ts";
import { goBenchmarkLine, type Row, tableOf, withoutTargets } from "./bench/rows.ts";
import type { Section } from "./bench/section.ts";

// The SDK would say on stderr that it will not support this Node for ever.
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

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    hosts: { type: "string" },
    data: { type: "string" },
  },
});
const unknown = positionals.filter((name) => !(name in SECTIONS));
if (unknown.length > 0) {
  console.error(`there is no section ${unknown.join(", ")}; there are ${Object.keys(SECTIONS).join(", ")}`);
  process.exit(2);
}

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
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    process.stderr.write(`${name}\n`);
    for (const row of await section(options)) {
      rows.push(row);
      console.log(goBenchmarkLine(row));
    }
  }
  // Tiny sizes say nothing about targets.
  console.log(`\n${tableOf(flags.quick ? rows.map(withoutTargets) : rows)}`);
} finally {
  if (flags.data === undefined) rmSync(folder, { recursive: true, force: true });
}
