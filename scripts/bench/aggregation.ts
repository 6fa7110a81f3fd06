// Aggregation: by the server alone, where many hosts are pending in the table when it starts; and after a bulk import, in one process.

import { rmSync } from "node:fs";
import { aggregateAll, FLEET, fleetFolder, storeFleet, withTable } from "./fleets.ts";
import { type Row, type Section, untilAggregated } from "./section.ts";
import { startServer } from "./server.ts";

/** First new hosts, then one more run of each, for which their contributions to the cells are replaced. */
export const aggregation: Section = async ({ folder, quick, profile }) => {
  const hosts = quick ? 50 : 10_000;
  const dataDir = `${folder}/aggregation`;
  const rows: Row[] = [];
  for (const [name, from] of [
    ["new", "2026-11-01T00:00:00.000Z"],
    ["known", "2026-11-10T00:00:00.000Z"],
  ] as const) {
    await withTable(dataDir, (table) => storeFleet(table, { ...FLEET, hosts, runs: 1, from }));
    const server = await startServer(dataDir, profile(`aggregation-${name}`));
    const seconds = await untilAggregated(server);
    const { server: used, engine } = server.usage();
    await server.stop();
    rows.push({
      name: `Aggregate/burst=${hosts}/${name}`,
      iterations: hosts,
      figures: [
        { value: hosts / seconds, unit: "hosts/s" },
        { value: seconds * 1e9, unit: "until-aggregated-ns" },
        { value: used.cpu / hosts, unit: "server-cpu-ns/host" },
        { value: engine.cpu / hosts, unit: "engine-cpu-ns/host" },
        { value: used.memory, unit: "server-B", target: 300e6 },
      ],
    });
  }
  return rows;
};

// Bulk import: a whole fleet from text to stored runs to cells, in one process over an engine.

/** Stores a fleet and then aggregates it. The section on comparisons reuses its folder. */
export const bulk: Section = async ({ folder, quick }) => {
  const plan = { ...FLEET, hosts: quick ? 50 : 10_000, runs: quick ? 10 : 50 };
  const dataDir = fleetFolder(folder, plan.hosts);
  rmSync(dataDir, { recursive: true, force: true });
  return withTable(dataDir, async (table) => {
    const { results, generating, storing } = await storeFleet(table, plan);
    const aggregating = await aggregateAll(table);
    return [
      {
        name: `Bulk/hosts=${plan.hosts}/results=${results}`,
        iterations: results,
        figures: [
          { value: results / (storing + aggregating), unit: "results/s", target: 8_000 },
          { value: results / storing, unit: "stored-results/s" },
          { value: plan.hosts / aggregating, unit: "aggregated-hosts/s" },
          { value: (generating * 1e9) / results, unit: "generating-ns/result" },
        ],
      },
    ];
  });
};
