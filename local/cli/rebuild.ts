import { rebuildFleet } from "../../functions/aggregate/rebuild.ts";
import { makeAggregationStore } from "../../functions/store/aggregation.ts";
import { backOff } from "../../functions/store/retry.ts";
import { type Command, refusePositionals, textOption, UsageFault } from "./command.ts";
import { DEFAULT_FLEET, fleetOption } from "./fleet-option.ts";
import { showProgress } from "./progress.ts";

export const rebuild: Command = {
  help: `vbdstat rebuild [--fleet F] [--grace SECONDS]
Derives all statistics of a fleet again from its stored runs, beside those that are read, and swaps.

Uploads and answers go on meanwhile. Run it after an update that changes how results are counted, when every server
and worker runs the new version, or when an audit found a difference. One that is stopped changes nothing that is
read; run it again after a minute.

  --fleet F          the fleet; "default" if not given
  --grace SECONDS    how long the old statistics are kept for those who are reading them; 60 if not given

Exit codes: 0 done; 1 not done, for instance because another rebuild is under way; 2 wrong arguments.`,
  options: { fleet: { type: "string" }, grace: { type: "string" } },
  mayCreate: false,
  prepare(given) {
    refusePositionals(given);
    const fleet = fleetOption(given) ?? DEFAULT_FLEET;
    const grace = textOption(given, "grace") ?? "60";
    if (!/^\d{1,5}$/.test(grace)) throw new UsageFault(`--grace: expected seconds, found ${JSON.stringify(grace)}`);
    return async (table, terminal) => {
      const progress = showProgress(terminal, "rebuilt hosts");
      const deps = { store: makeAggregationStore(table), clock: Date.now, backOff };
      const { hosts } = await rebuildFleet(deps, table, fleet, {
        graceMs: Number(grace) * 1000,
        onProgress: progress.at,
        wait: (milliseconds) => {
          progress.end();
          if (terminal.isInteractive) terminal.error(`swapped; the old statistics go in ${grace} seconds\n`);
          return new Promise((resolve) => setTimeout(resolve, milliseconds));
        },
      });
      await terminal.out(`rebuilt ${hosts} hosts of fleet ${fleet}\n`);
      return 0;
    };
  },
};
