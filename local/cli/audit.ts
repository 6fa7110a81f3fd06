import { auditFleet } from "../../functions/service/audit.ts";
import { makeFleetScan } from "../../functions/store/fleet-scan.ts";
import { PARSER_VERSION } from "../../shared/bonnie/reader.ts";
import { printable } from "../../shared/run/text.ts";
import { type Command, DEFAULT_FLEET, fleetOption, rejectPositionals, rejectUnknownFleet } from "./command.ts";
import { showProgress } from "./progress.ts";

export const audit: Command = {
  help: `vbdstat audit [--fleet F]
Reads all lines again, derives all statistics anew, and lists every difference.

There must be no difference. It changes nothing, and may run while results come in: what changes
meanwhile is left out, and it says how much. Runs that this version reads otherwise than the one
that stored them are no difference: they are counted apart, until \`rebuild --reparse\`.
All cells of the fleet are held in memory, about 1 KB each.

  --fleet F    the fleet; "default" if not given

Exit codes: 0 no difference; 1 differences, one a line, or not done; 2 wrong arguments.`,
  options: { fleet: { type: "string" } },
  mayCreate: false,
  prepare(given) {
    rejectPositionals(given);
    const fleet = fleetOption(given) ?? DEFAULT_FLEET;
    return async (table, terminal) => {
      await rejectUnknownFleet(table, fleet);
      const progress = showProgress(terminal, "audited hosts");
      const { hosts, cells, pendingHosts, inFlux, differences, outdated } = await auditFleet(
        makeFleetScan(table),
        fleet,
        {
          onProgress: progress.at,
        },
      );
      progress.end();
      for (const { kind, key, text = key } of differences) {
        await terminal.out(printable(`${kind}: ${text}`).concat("\n"));
      }
      const found = differences.length === 0 ? "no difference" : `${differences.length} differences`;
      await terminal.out(`${found} in ${cells} cells of ${hosts} hosts\n`);
      if (outdated.runs > 0) {
        for (const text of outdated.first) await terminal.out(printable(`reads otherwise: ${text}`).concat("\n"));
        const now = `this version (parser ${PARSER_VERSION})`;
        await terminal.out(`${outdated.runs} runs read otherwise to ${now} than as stored: rebuild --reparse\n`);
      }
      if (inFlux > 0) await terminal.out(`${inFlux} more were changing meanwhile and could not be judged\n`);
      if (pendingHosts > 0) {
        const when = "audit again when they are (GET /v1/status, pending_hosts)";
        await terminal.out(`${pendingHosts} hosts have results that are not counted yet: ${when}\n`);
      }
      return differences.length === 0 ? 0 : 1;
    };
  },
};
