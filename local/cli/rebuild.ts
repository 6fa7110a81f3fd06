import { rebuildFleet } from "../../functions/service/rebuild.ts";
import { reparseFleet } from "../../functions/service/reparse.ts";
import { makeAggregationStores } from "../../functions/store/commit.ts";
import { backOff } from "../../functions/store/errors.ts";
import { makeFleetScan } from "../../functions/store/fleet-scan.ts";
import { makeGenerationStore } from "../../functions/store/generations.ts";
import { makeRunStore } from "../../functions/store/runs.ts";
import type { Table } from "../../functions/store/table.ts";
import { printable } from "../../shared/run/text.ts";
import {
  type Command,
  DEFAULT_FLEET,
  fleetOption,
  rejectPositionals,
  rejectUnknownFleet,
  type Terminal,
  textOption,
  UsageError,
} from "./command.ts";
import { showProgress } from "./progress.ts";

export const rebuild: Command = {
  help: `vbdstat rebuild [--fleet F] [--reparse] [--grace SECONDS]
Derives all statistics of a fleet again, beside those that are read, and swaps.

Uploads and answers go on meanwhile. Run it after an update that changes how results are counted,
when every server and worker runs the new version, or when an audit found a difference. One that is
stopped changes nothing that is read; run it again after a minute.

  --fleet F          the fleet; "default" if not given
  --reparse           first read every stored raw line again, after an update that reads lines or
                     judges caches otherwise
  --grace SECONDS    how long the old statistics are kept for those who are reading them; 60 if
                     not given
  --force            take over from a rebuild that seems to be under way; that one then ends

Exit codes: 0 done; 1 not done, for instance while another rebuild is under way, or done without
what is damaged, which is named; 2 wrong arguments.`,
  options: {
    fleet: { type: "string" },
    reparse: { type: "boolean" },
    grace: { type: "string" },
    force: { type: "boolean" },
  },
  mayCreate: false,
  prepare(given) {
    rejectPositionals(given);
    const fleet = fleetOption(given) ?? DEFAULT_FLEET;
    const grace = textOption(given, "grace") ?? "60";
    if (!/^\d{1,5}$/.test(grace)) throw new UsageError(`--grace: expected seconds, found ${JSON.stringify(grace)}`);
    return async (table, terminal) => {
      await rejectUnknownFleet(table, fleet);
      const damagedRuns = given.values["reparse"] === true ? await rereadRuns(table, terminal, fleet) : 0;
      const progress = showProgress(terminal, "rebuilt hosts");
      const deps = {
        ...makeAggregationStores(table),
        scan: makeFleetScan(table),
        generations: makeGenerationStore(table),
        clock: Date.now,
        backOff,
      };
      const { hosts, failed } = await rebuildFleet(deps, fleet, {
        graceMs: Number(grace) * 1000,
        isForced: given.values["force"] === true,
        onError: (error) => terminal.error(printable(`left out: ${faultMessage(error)}`).concat("\n")),
        onProgress: progress.at,
        wait: (milliseconds) => {
          progress.end();
          if (terminal.isInteractive) terminal.error(`swapped; the old statistics go in ${grace} seconds\n`);
          return new Promise((resolve) => setTimeout(resolve, milliseconds));
        },
      });
      const without = failed === 0 ? "" : `, ${failed} of them left out; try --reparse`;
      await terminal.out(`rebuilt ${hosts} hosts of fleet ${fleet}${without}\n`);
      return failed + damagedRuns === 0 ? 0 : 1;
    };
  },
};

const faultMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Reads all runs again; gives how many are damaged. */
async function rereadRuns(table: Table, terminal: Terminal, fleet: string): Promise<number> {
  const progress = showProgress(terminal, "reparse hosts");
  const deps = { scan: makeFleetScan(table), runs: makeRunStore(table), clock: Date.now };
  const { runs, changed, unreadable, damaged } = await reparseFleet(deps, fleet, progress.at);
  progress.end();
  await terminal.out(`reparse ${runs} runs of fleet ${fleet}: ${changed} changed\n`);
  for (const id of unreadable)
    terminal.error(`run ${id} is no result to this version; it stays as it was read before\n`);
  for (const reason of damaged) terminal.error(printable(`left as it is: ${reason}`).concat("\n"));
  return damaged.length;
}
