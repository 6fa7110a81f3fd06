// Comparisons over HTTP, one after the other, on fleets of several sizes: all hosts, with cached cells and without, and a filter that matches 50
// cohorts. For each fleet also the consumed capacity of a comparison and a result, and the largest items.

import { existsSync } from "node:fs";
import { generateFleet } from "../../local/demo/generated-fleet.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";
import { consumedBy, largestItems } from "./capacity.ts";
import { aggregateAll, FILTER, FLEET, fleetFolder, storeFleet, withTable } from "./fleets.ts";
import { percentile, type Row, type Section, type Timing, timed } from "./section.ts";
import { type BenchServer, startServer } from "./server.ts";

const QUERY = "/v1/compare?baseline=loop&candidate=blktap2";

/** The query over ten of the twelve metrics, in all 66 combinations: cells are cached by metrics, so these are not. */
const UNCACHED_QUERIES = METRIC_NAMES.flatMap((one, index) =>
  METRIC_NAMES.slice(index + 1).map((other) => {
    const metrics = METRIC_NAMES.filter((name) => name !== one && name !== other);
    return `${QUERY}${metrics.map((name) => `&metric=${name}`).join("")}`;
  }),
);

/** Enough hosts to be in every shard. */
const someHosts = [...generateFleet({ ...FLEET, hosts: 100, runs: 1 })].map(({ host }) => host);

/** Runs of a host on each backend: a million results of 10 000 hosts; few on a larger fleet, which takes longer to load. */
const runsFor = (hosts: number): number => (hosts > 10_000 ? 1 : 50);

export const comparison: Section = async ({ folder, quick, hosts: sizes, profile }) => {
  const rows: Row[] = [];
  let smallest: Timing | null = null;
  for (const hosts of sizes) {
    const dataDir = fleetFolder(folder, hosts);
    const exists = existsSync(dataDir);
    await withTable(dataDir, async (table) => {
      if (!exists) {
        await storeFleet(table, { ...FLEET, hosts, runs: runsFor(hosts) });
        await aggregateAll(table);
      }
      rows.push({
        name: `LargestItems/hosts=${hosts}`,
        iterations: hosts,
        figures: await largestItems(table, someHosts),
      });
    });
    const name = `hosts=${hosts}/runs=${hosts * runsFor(hosts) * 2}`;
    const server = await startServer(dataDir, profile(`comparison-${hosts}`));
    const all = await timeQuery(server, QUERY, quick ? 20 : 500);
    const afresh = await timed(UNCACHED_QUERIES, 1, async (path) => void (await server.ask(path)));
    smallest ??= all;
    // Twice the time of the smallest fleet for the largest one; an absolute target at 10 000 hosts.
    const target = hosts === 100_000 ? 2 * percentile(smallest, 0.5) : hosts === 10_000 ? 5e6 : null;
    rows.push(makeRow(`Compare/${name}/all`, all, target, server));
    rows.push(makeRow(`Compare/${name}/all/afresh`, afresh, null, server));
    await server.stop();
    const filtering = await startServer(dataDir, profile(`comparison-${hosts}-filtered`));
    const filtered = await timeQuery(filtering, QUERY + FILTER, quick ? 10 : 200);
    rows.push(makeRow(`Compare/${name}/cohorts=50`, filtered, hosts === 10_000 ? 50e6 : null, filtering));
    await filtering.stop();
    rows.push(...(await withTable(dataDir, (table) => consumedBy(table, `hosts=${hosts}`))));
  }
  return rows;
};

async function timeQuery(server: BenchServer, path: string, times: number): Promise<Timing> {
  const ask = async () => void (await server.ask(path));
  await timed(Array.from({ length: Math.ceil(times / 5) }), 1, ask);
  return timed(Array.from({ length: times }), 1, ask);
}

function makeRow(name: string, timing: Timing, target: number | null, server: BenchServer): Row {
  return {
    name,
    iterations: timing.latencies.length,
    figures: [
      { value: percentile(timing, 0.5), unit: "p50-ns", ...(target !== null && { target }) },
      { value: percentile(timing, 0.99), unit: "p99-ns" },
      { value: server.usage().server.memory, unit: "server-B", target: 300e6 },
    ],
  };
}
