// A build of the program at work on a table: it takes uploads, counts, answers, rebuilds and audits. A test bundles this file
// with changed constants, to have a build of a later version.

import { tableAt } from "../../functions/env.ts";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { auditFleet } from "../../functions/service/audit.ts";
import { deleteOld, rebuildFleet, reparseFleet } from "../../functions/service/rebuild.ts";
import { openTable } from "../../functions/store/client.ts";
import { replaceRun } from "../../functions/store/runs/runs.ts";
import { makeAggregationStores } from "../../functions/store/statistics/commit.ts";
import { makeFleetScan, makeRebuildScan } from "../../functions/store/statistics/fleet-scan.ts";
import { makeGenerationStore } from "../../functions/store/statistics/generations.ts";
import { backOff } from "../../functions/store/table/errors.ts";
import { requireFormat } from "../../functions/store/table/format.ts";
import { upgradeTable } from "../../functions/store/upgrade.ts";
import { makeTestService } from "../support/service.ts";

const FLEET = "default";

/** Opens a table of an engine, as a process of its own would. Throws FormatError for a table that the build does not work on. */
export async function openBuild(endpoint: string, tableName: string) {
  const table = openTable(tableAt(endpoint, tableName));
  await requireFormat(table);
  const service = await makeTestService(table);
  const clock = () => service.now;
  const wait = async () => undefined;
  const deps = {
    ...makeAggregationStores(table),
    scan: makeRebuildScan(table),
    generations: makeGenerationStore(table),
    clock,
    backOff,
  };
  return {
    service,
    /** Posts a line of a host on a backend, of a day of November 2026; gives the status of the answer. */
    upload: async (line: string, backend: string, host: string, day: number): Promise<number> => {
      const finished = `2026-11-${String(day).padStart(2, "0")}T00:00:00Z`;
      const query = `?backend=${backend}&host=${host}&finished=${finished}&site=fra&dom0_mem_mb=4096`;
      return (await service.post(line, query)).status;
    },
    count: () => aggregateFleet(deps, FLEET),
    get: (path: string) => service.send(path),
    rebuild: () =>
      rebuildFleet(deps, FLEET, {
        graceMs: 0,
        wait,
        onProgress: () => undefined,
        onError: (error) => {
          throw error;
        },
      }),
    deleteOld: () => deleteOld(deps, FLEET, { graceMs: 0, wait }),
    reparse: () =>
      reparseFleet(
        { scan: makeFleetScan(table), replaceRun: (before, after, at) => replaceRun(table, before, after, at), clock },
        FLEET,
        () => undefined,
      ),
    audit: () => auditFleet(makeFleetScan(table), FLEET),
    upgrade: () => upgradeTable(table),
    /** The form of the statistics that it reads. */
    formRead: async () => (await makeFleetScan(table).activeGeneration(FLEET)).form,
    close: () => table.client.destroy(),
  };
}

export type OpenBuild = Awaited<ReturnType<typeof openBuild>>;
