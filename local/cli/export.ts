import { backendOf } from "../../functions/read/backend-of.ts";
import { makeRunStore } from "../../functions/store/runs.ts";
import { runExportQuery } from "../../shared/api/requests.ts";
import { AppError } from "../../shared/errors.ts";
import { type Command, refusePositionals, textOption, UsageFault } from "./command.ts";
import { DEFAULT_FLEET, fleetOption, refuseUnknownFleet } from "./fleet-option.ts";
import { showProgress } from "./progress.ts";

/** Runs that are read at a time: a few MB at most. */
const PAGE = 500;
const FILTERS = ["host", "backend", "from", "to"] as const;

export const exportRuns: Command = {
  help: `vbdstat export [--fleet F] [--host H] [--backend B] [--from TIME] [--to TIME]
Writes whole runs as JSON, one a line, newest first; \`vbdstat import\` takes them back.

Withdrawn runs are among them, marked as such. Runs that come in meanwhile may be left out.

  --fleet F       the fleet; "default" if not given
  --host H        runs of this host only
  --backend B     runs on this backend only: a slug or an alias
  --from TIME     runs that finished at this time (ISO 8601, or a date) or later
  --to TIME       runs that finished before this time

Exit codes: 0 all written; 1 broken off; 2 wrong arguments.`,
  options: {
    fleet: { type: "string" },
    host: { type: "string" },
    backend: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
  },
  mayCreate: false,
  prepare(given) {
    refusePositionals(given);
    const fleet = fleetOption(given) ?? DEFAULT_FLEET;
    const asked = FILTERS.flatMap((name) => {
      const value = textOption(given, name);
      return value === undefined ? [] : [[name, [value]] as const];
    });
    const parsed = runExportQuery.safeParse(Object.fromEntries(asked));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new UsageFault(`--${String(issue?.path[0])}: ${issue?.message}`);
    }
    const query = { ...parsed.data, backend: slugOf(parsed.data.backend) };
    return async (table, terminal) => {
      await refuseUnknownFleet(table, fleet);
      const progress = showProgress(terminal, "exported runs");
      const runs = makeRunStore(table);
      let cursor: string | undefined;
      let count = 0;
      do {
        const page = await runs.list(fleet, { ...query, limit: PAGE, cursor });
        await terminal.out(page.items.map((run) => `${JSON.stringify(run)}\n`).join(""));
        count += page.items.length;
        progress.at(count);
        cursor = page.cursor ?? undefined;
      } while (cursor !== undefined);
      progress.end();
      return 0;
    };
  },
};

function slugOf(word: string | undefined): string | undefined {
  try {
    return word === undefined ? undefined : backendOf(word);
  } catch (error) {
    if (error instanceof AppError) throw new UsageFault(`--backend: ${error.message}`);
    throw error;
  }
}
