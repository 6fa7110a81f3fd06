// Bulk import: a whole fleet from text to stored runs to cells, in one process over an engine.

import { rmSync } from "node:fs";
import { aggregateAll, FLEET, fleetFolder, storeFleet, withTable } from "./fleets.ts";
import type { Section } from "./section.ts";

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
