// `tsx scripts/profile.ts FILE.cpuprofile ...`: summarizes the profiles of `bench --profile`: where the server's CPU time goes, by source file
// and by function. The bundle names the source of each part in a comment (`// functions/store/table/table.ts`), which maps a line of the bundle
// back to its source.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as z from "zod";

const cpuProfile = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
    }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

/** The largest shares of self time, as text; busy time is 100 %. */
function summarizeProfile(file: string): string {
  const { nodes, samples, timeDeltas } = cpuProfile.parse(JSON.parse(readFileSync(file, "utf8")));
  const selfTime = new Map<number, number>();
  for (const [index, id] of samples.entries()) selfTime.set(id, (selfTime.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  const sources = new Map<string, number>();
  const functions = new Map<string, number>();
  let [busy, idle] = [0, 0];
  for (const { id, callFrame } of nodes) {
    const microseconds = selfTime.get(id) ?? 0;
    const { functionName, url, lineNumber } = callFrame;
    if (functionName === "(idle)") idle += microseconds;
    else {
      busy += microseconds;
      const source = findSource(url, lineNumber);
      add(sources, source, microseconds);
      add(functions, `${functionName || "(anonymous)"} ${source}`, microseconds);
    }
  }
  const top = (of: ReadonlyMap<string, number>) =>
    [...of]
      .sort(([, a], [, b]) => b - a)
      .slice(0, 25)
      .map(([what, time]) => `  ${((100 * time) / busy).toFixed(1).padStart(5)} %  ${what}`);
  const seconds = (microseconds: number) => (microseconds / 1e6).toFixed(1);
  return [
    `${file}: busy ${seconds(busy)} s, idle ${seconds(idle)} s`,
    ...top(sources),
    "by function",
    ...top(functions),
  ].join("\n");
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

const bundles = new Map<string, readonly string[]>();

/** The source file of a line of the bundle; of a package its name, otherwise the URL in the profile. */
function findSource(url: string, line: number): string {
  if (!url.startsWith("file:")) return url === "" ? "(engine)" : url;
  const lines = bundles.get(url) ?? readFileSync(fileURLToPath(url), "utf8").split("\n");
  bundles.set(url, lines);
  for (let at = line; at >= 0; at -= 1) {
    const source = /^\/\/ (\S+\.(?:m?js|tsx?))$/.exec(lines[at] ?? "")?.[1];
    if (source === undefined) continue;
    return /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? source;
  }
  return "(bundle)";
}

for (const file of process.argv.slice(2)) console.log(`${summarizeProfile(file)}\n`);
