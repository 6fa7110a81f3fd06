// `vbdstat audit`: compares stored statistics with recomputed ones.

import { auditFleet } from "../../functions/service/audit.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
import { PARSER_VERSION } from "../../shared/bonnie/reader.ts";
import { PENDING_COUNTED_TO } from "../../shared/run/pending-host.ts";
import { printable } from "../../shared/run/text.ts";
import { rejectPositionals } from "./arguments.ts";
import { type Command, DEFAULT_FLEET, fleetOption, rejectUnknownFleet } from "./command.ts";
import { showProgress } from "./progress.ts";

export const audit: Command = {
  help: `vbdstat audit [--fleet F]
Parses all lines again, recomputes all statistics, and lists every difference.

Any difference is a bug. The audit changes nothing, and may run while results arrive: hosts that
change during the audit are skipped and counted. Runs that this version parses differently from
the version that stored them are reported separately, until \`rebuild --reparse\`.
All cells of the fleet are held in memory, about 1 KB each.

  --fleet F    the fleet; "default" if not given

Exit codes: 0 no difference; 1 differences (one per line) or failure; 2 usage error.`,
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
        for (const text of outdated.first) await terminal.out(printable(`parsed differently: ${text}`).concat("\n"));
        await terminal.out(
          `this version (parser ${PARSER_VERSION}) parses ${outdated.runs} runs differently than stored: run rebuild --reparse\n`,
        );
      }
      if (inFlux > 0) await terminal.out(`${inFlux} more changed during the audit and were skipped\n`);
      if (pendingHosts > 0) {
        const when = "audit again when pending_hosts in GET /v1/status is 0";
        const many = pendingHosts < PENDING_COUNTED_TO ? pendingHosts : `${pendingHosts} or more`;
        await terminal.out(`${many} hosts have results that are not counted yet: ${when}\n`);
      }
      return differences.length === 0 ? 0 : 1;
    };
  },
};
