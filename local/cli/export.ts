// `vbdstat export`: runs as JSON lines.

import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeHostStore } from "../../functions/store/statistics/hosts.ts";
import { plainWords } from "../../shared/api/plain-words.ts";
import { unknownBackendText } from "../../shared/run/aliases.ts";
import { runPages } from "../../shared/run/listing.ts";
import { resolveBackend } from "../../shared/run/resolution.ts";
import { printable } from "../../shared/run/text.ts";
import { storedHostName } from "../../shared/summaries/host.ts";
import { runExportQuery } from "../../shared/summaries/runs.ts";
import { rejectPositionals, textOption, UsageError } from "./arguments.ts";
import { type Command, DEFAULT_FLEET, fleetOption, rejectUnknownFleet } from "./command.ts";
import { showProgress } from "./progress.ts";

const FILTERS = ["host", "backend", "from", "to"] as const;

export const exportRuns: Command = {
  help: `vbdstat export [--fleet F] [--host H] [--backend B] [--from TIME] [--to TIME]
Writes complete runs as JSON, one per line, newest first; \`vbdstat import\` reads them.

Withdrawn runs are included and marked. Runs that arrive during the export may be missing.

  --fleet F       the fleet; "default" if not given
  --host H        only runs of this host
  --backend B     only runs on this backend: a slug or an alias
  --from TIME     runs that finished at this time (ISO 8601, or a date) or later
  --to TIME       runs that finished before this time

Exit codes: 0 success; 1 incomplete, or unreadable runs were left out; 2 usage error.`,
  options: {
    fleet: { type: "string" },
    host: { type: "string" },
    backend: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
  },
  mayCreate: false,
  prepare(given) {
    rejectPositionals(given);
    const fleet = fleetOption(given) ?? DEFAULT_FLEET;
    const filters = FILTERS.flatMap((name) => {
      const value = textOption(given, name);
      return value === undefined ? [] : [[name, [value]] as const];
    });
    const parsed = runExportQuery.safeParse(Object.fromEntries(filters), { error: plainWords });
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new UsageError(`--${String(issue?.path[0])}: ${issue?.message}`);
    }
    const backend = parseBackend(parsed.data.backend);
    const hostName = parsed.data.host;
    return async (table, terminal) => {
      await rejectUnknownFleet(table, fleet);
      const hosts = makeHostStore(table);
      const host = hostName && (await storedHostName({ host: (name) => hosts.get(fleet, name) }, hostName));
      const query = { ...parsed.data, host, backend };
      const progress = showProgress(terminal, "exported runs");
      let [count, missing] = [0, 0];
      for await (const { items, unreadable } of runPages(makeRunStore(table), fleet, query)) {
        await terminal.out(items.map((run) => `${JSON.stringify(run)}\n`).join(""));
        for (const { reason } of unreadable) terminal.error(printable(`left out: ${reason}`).concat("\n"));
        count += items.length;
        missing += unreadable.length;
        progress.at(count);
      }
      progress.end();
      return missing === 0 ? 0 : 1;
    };
  },
};

function parseBackend(word: string | undefined): string | undefined {
  if (word === undefined) return undefined;
  const resolution = resolveBackend(word);
  if (resolution === null) throw new UsageError(unknownBackendText("--backend", word));
  return resolution.backend;
}
