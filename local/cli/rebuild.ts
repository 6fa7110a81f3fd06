// `vbdstat rebuild`: recomputes the statistics of a fleet.

import { deleteOld, rebuildFleet, reparseFleet } from "../../functions/service/rebuild.ts";
import { replaceRun } from "../../functions/store/runs/runs.ts";
import { makeAggregationStores } from "../../functions/store/statistics/commit.ts";
import { makeFleetScan, makeRebuildScan } from "../../functions/store/statistics/fleet-scan.ts";
import { makeGenerationStore } from "../../functions/store/statistics/generations.ts";
import { backOff } from "../../functions/store/table/errors.ts";
import type { Table } from "../../functions/store/table/table.ts";
import type { NewRun } from "../../shared/cells/sample.ts";
import type { Run } from "../../shared/run/run.ts";
import { printable } from "../../shared/run/text.ts";
import { errorMessage } from "../server/start-error.ts";
import { rejectPositionals, textOption, UsageError } from "./arguments.ts";
import { type Command, DEFAULT_FLEET, fleetOption, rejectUnknownFleet, type Terminal } from "./command.ts";
import { showProgress } from "./progress.ts";

export const rebuild: Command = {
  help: `vbdstat rebuild [--fleet F] [--reparse] [--grace SECONDS] [--force] [--delete-old]
Recomputes a fleet's statistics in the background, then switches to them.

Uploads and queries continue. Run it after an update that changes how results are counted, when
every server and worker runs the new version, or when an audit found a difference. If interrupted,
the active statistics stay unchanged; run it again after a minute. If the form of the statistics
changes, the old ones are kept for the version before this one, until the next rebuild.

  --fleet F          the fleet; "default" if not given
  --reparse          first parse every stored raw line again, after an update that changes parsing
                     or cache detection
  --grace SECONDS    how long the old statistics are kept for queries in progress; 60 if not given
  --force            take over from a rebuild that seems to be in progress; the other one then ends
  --delete-old       rebuild nothing; delete the statistics that were kept for an earlier version,
                     which then cannot be run without a rebuild

Exit codes: 0 success; 1 failure, for example while another rebuild is in progress, or damaged runs
or hosts were left out, which are listed; 2 usage error.`,
  options: {
    fleet: { type: "string" },
    reparse: { type: "boolean" },
    grace: { type: "string" },
    force: { type: "boolean" },
    "delete-old": { type: "boolean" },
  },
  mayCreate: false,
  prepare(given) {
    rejectPositionals(given);
    const fleet = fleetOption(given) ?? DEFAULT_FLEET;
    const grace = textOption(given, "grace") ?? "60";
    if (!/^\d{1,5}$/.test(grace)) throw new UsageError(`--grace: expected seconds, found ${JSON.stringify(grace)}`);
    const isDeletion = given.values["delete-old"] === true;
    if (isDeletion && given.values["reparse"] === true) throw new UsageError("--delete-old: expected no --reparse");
    return async (table, terminal) => {
      await rejectUnknownFleet(table, fleet);
      const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
      if (isDeletion) {
        await deleteOld({ generations: makeGenerationStore(table) }, fleet, { graceMs: Number(grace) * 1000, wait });
        await terminal.out(`deleted the old statistics of fleet ${fleet}\n`);
        return 0;
      }
      const damagedRuns = given.values["reparse"] === true ? await reparseRuns(table, terminal, fleet) : 0;
      const progress = showProgress(terminal, "rebuilt hosts");
      const deps = {
        ...makeAggregationStores(table),
        scan: makeRebuildScan(table),
        generations: makeGenerationStore(table),
        clock: Date.now,
        backOff,
      };
      const { hosts, failed } = await rebuildFleet(deps, fleet, {
        graceMs: Number(grace) * 1000,
        isForced: given.values["force"] === true,
        onError: (error) => terminal.error(printable(`left out: ${errorMessage(error)}`).concat("\n")),
        onProgress: progress.at,
        wait: (milliseconds) => {
          progress.end();
          if (terminal.isInteractive)
            terminal.error(`activated; the old statistics will be deleted in ${grace} seconds\n`);
          return wait(milliseconds);
        },
      });
      const without = failed === 0 ? "" : `, ${failed} of them left out; try --reparse`;
      await terminal.out(`rebuilt ${hosts} hosts of fleet ${fleet}${without}\n`);
      return failed + damagedRuns === 0 ? 0 : 1;
    };
  },
};

/** Parses all runs of a fleet again; returns how many are damaged. */
async function reparseRuns(table: Table, terminal: Terminal, fleet: string): Promise<number> {
  const progress = showProgress(terminal, "reparsed hosts");
  const deps = {
    scan: makeFleetScan(table),
    replaceRun: (before: Run, after: NewRun, at: string) => replaceRun(table, before, after, at),
    clock: Date.now,
  };
  const { runs, changed, unreadable, damaged } = await reparseFleet(deps, fleet, progress.at);
  progress.end();
  await terminal.out(`reparsed ${runs} runs of fleet ${fleet}: ${changed} changed\n`);
  for (const id of unreadable)
    terminal.error(`run ${id} is not a result for this version; it stays as it was parsed before\n`);
  for (const reason of damaged) terminal.error(printable(`left unchanged: ${reason}`).concat("\n"));
  return damaged.length;
}
