// `tsx scripts/generate-fleet.ts [options]`: a generated fleet in the real format, ready to be posted. Without --out all uploads go to
// stdout one after the other (each host names itself and its backends, so they may be posted together, up to 10 000 lines at once); with
// --out each host gets a file in that folder.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../local/cli/arguments.ts";
import { parseFleetFlags, USAGE } from "../local/demo/fleet-plan.ts";
import { generateFleet } from "../local/demo/generated-fleet.ts";

try {
  const { plan, out } = parseFleetFlags(process.argv.slice(2));
  if (out !== null) mkdirSync(out, { recursive: true });
  for (const { host, body } of generateFleet(plan)) {
    if (out !== null) writeFileSync(join(out, `${host}.txt`), body);
    else if (!process.stdout.write(body)) await new Promise((resolve) => process.stdout.once("drain", resolve));
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exit(2);
}
