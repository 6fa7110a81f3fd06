// A CPU profile in a few lines: where the server's own time goes, by source file and by function. The bundle names the
// source of each part in a comment (`// functions/store/table.ts`), from which a place in the bundle is led back to it.

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

/** Lines of text: the largest shares of self time, busy time being 100 %. */
export function profileSummary(file: string): string {
  const { nodes, samples, timeDeltas } = cpuProfile.parse(JSON.parse(readFileSync(file, "utf8")));
  const selfTime = new Map<number, number>();
  for (const [index, id] of samples.entries()) selfTime.set(id, (selfTime.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  const places = new Map<string, number>();
  const functions = new Map<string, number>();
  let [busy, idle] = [0, 0];
  for (const { id, callFrame } of nodes) {
    const microseconds = selfTime.get(id) ?? 0;
    const { functionName, url, lineNumber } = callFrame;
    if (functionName === "(idle)") idle += microseconds;
    else {
      busy += microseconds;
      const place = sourceOf(url, lineNumber);
      add(places, place, microseconds);
      add(functions, `${functionName || "(anonymous)"} ${place}`, microseconds);
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
    ...top(places),
    "by function",
    ...top(functions),
  ].join("\n");
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

const bundles = new Map<string, readonly string[]>();

/** Our own files by name, packages by package, the rest as the profile has it. */
function sourceOf(url: string, line: number): string {
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
