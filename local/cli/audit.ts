import { auditFleet } from "../../functions/aggregate/audit.ts";
import { printable } from "../../shared/model/printable.ts";
import { type Command, refusePositionals } from "./command.ts";
import { DEFAULT_FLEET, fleetOption, refuseUnknownFleet } from "./fleet-option.ts";
import { showProgress } from "./progress.ts";

export const audit: Command = {
  help: `vbdstat audit [--fleet F]
Computes all statistics of a fleet afresh and reports every difference.

There must be no difference. It changes nothing, and may run while results come in: what changes
meanwhile is left out, and it says how much.
All cells of the fleet are held in memory, about 1 KB each.

  --fleet F    the fleet; "default" if not given

Exit codes: 0 no difference; 1 differences, one a line, or not done; 2 wrong arguments.`,
  options: { fleet: { type: "string" } },
  mayCreate: false,
  prepare(given) {
    refusePositionals(given);
    const fleet = fleetOption(given) ?? DEFAULT_FLEET;
    return async (table, terminal) => {
      await refuseUnknownFleet(table, fleet);
      const progress = showProgress(terminal, "audited hosts");
      const { hosts, cells, openMarks, moving, differences } = await auditFleet(table, fleet, {
        onProgress: progress.at,
      });
      progress.end();
      for (const { kind, key } of differences) await terminal.out(printable(`${kind}: ${key}\n`));
      const found = differences.length === 0 ? "no difference" : `${differences.length} differences`;
      await terminal.out(`${found} in ${cells} cells of ${hosts} hosts\n`);
      if (moving > 0) await terminal.out(`${moving} more were changing meanwhile and could not be judged\n`);
      if (openMarks > 0) {
        const when = "audit again when they are (GET /v1/status, open_marks)";
        await terminal.out(`${openMarks} hosts have results that are not counted yet: ${when}\n`);
      }
      return differences.length === 0 ? 0 : 1;
    };
  },
};
