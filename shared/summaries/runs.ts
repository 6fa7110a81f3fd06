// Runs as they were received, newest first, page by page. The list of all runs as CSV is an export, which
// functions/web/routes/run-export.ts streams by the same filters.

import * as z from "zod";
import { formatInstant } from "../report/format.ts";
import {
  cell,
  column,
  named,
  type RenderOptions,
  type Report,
  section,
  type UnreadableEntry,
  warning,
} from "../report/model.ts";
import { type Records, runRecords } from "../report/records.ts";
import { formatCount } from "../run/format.ts";
import type { RunFilter } from "../run/listing.ts";
import { METRIC_NAMES } from "../run/metrics.ts";
import type { Run } from "../run/run.ts";
import { cursor, limit, single } from "./fields.ts";
import { storedHostName } from "./host.ts";
import type { FleetSource, SummaryKind } from "./kind.ts";
import { resolvedBackend } from "./parameters.ts";
import { measuredText, run } from "./run.ts";
import { lazily, schemas } from "./schemas.ts";

/** A day or a time; a day stands for its first moment in UTC. */
const time = (description: string) =>
  single(
    z
      .union(
        [z.iso.date(), z.iso.datetime({ offset: true })],
        "expected a date or an ISO 8601 time, e.g. 2026-11-22T10:15:00Z",
      )
      .meta({ description, examples: ["2026-11-22T10:15:00Z"] })
      .transform((text) => new Date(text).toISOString()),
  ).optional();

const filters = {
  host: single(z.string().min(1).max(255).meta({ description: "Runs of this host only." })).optional(),
  backend: single(
    z.string().min(1).max(100).meta({ description: "Runs on this backend only: a slug or an alias." }),
  ).optional(),
  from: time("Runs that finished at this time or later."),
  to: time("Runs that finished before this time."),
};

const isWindow = ({ from = "", to = ":" }: { from?: string | undefined; to?: string | undefined }) => from < to;
const NO_WINDOW = { path: ["to"], error: "expected a time after from" };

const query = z.strictObject({ ...filters, limit, cursor }).refine(isWindow, NO_WINDOW);

/** GET /v1/runs.csv: all runs that match, so no pages. */
export const runExportQuery = z.strictObject(filters).refine(isWindow, NO_WINDOW);

/** A page of runs; `cursor` is null on the last page. */
export interface RunPage {
  readonly runs: readonly Run[];
  /** Runs of the page that cannot be read; absent if there are none. */
  readonly unreadable?: readonly UnreadableEntry[];
  readonly cursor: string | null;
  /** How many results were searched for a page that ended before it was full; the next one may have more. */
  readonly looked_at?: number;
}

const result = lazily(() => {
  const { nextCursor } = schemas();
  return z
    .strictObject({
      runs: z.array(run.result()),
      unreadable: z
        .array(z.strictObject({ id: z.string(), host: z.string().nullable() }))
        .exactOptional()
        .meta({ description: "Stored runs of this page that cannot be read; absent if there are none." }),
      cursor: nextCursor,
      looked_at: z.int().min(0).exactOptional().meta({
        description:
          "Results that were searched, on a page that ended before it was full because few of them matched. Continue with `cursor`.",
      }),
    })
    .meta({ id: "RunPage" });
});

export const runs: SummaryKind<typeof query, RunPage> = {
  endpoint: {
    id: "listRuns",
    summary: "Runs, newest first; as CSV all that match.",
    description:
      "The CSV form is an export: it streams every run that matches, so it takes neither `limit` nor `cursor`. If it fails, the connection is closed before the end of the body. A stored run that cannot be read is named: under `unreadable`, and in CSV as a row with the verdict `unreadable` and no numbers.",
    result: "A page of runs.",
  },
  query,
  result,
  title: () => TITLE,
  compute,
  report,
  // All columns, whatever metrics are shown.
  records: ({ runs: listed }): Records => runRecords(listed),
};

const TITLE = "Runs";

async function compute(source: FleetSource, parameters: z.output<typeof query>): Promise<RunPage> {
  const filter = await storedRunFilter(source, parameters);
  const page = await source.runs({ ...filter, limit: parameters.limit, cursor: parameters.cursor });
  return {
    runs: page.items,
    ...(page.unreadable.length > 0 && { unreadable: page.unreadable.map(({ id, host }) => ({ id, host })) }),
    cursor: page.cursor,
    ...(page.examined !== undefined && { looked_at: page.examined }),
  };
}

/** The filter with host and backend as they are stored. Throws `bad_parameter` for a backend that nobody knows. */
export async function storedRunFilter(
  source: Pick<FleetSource, "host">,
  { host, backend, from, to }: RunFilter,
): Promise<RunFilter> {
  return {
    host: host && (await storedHostName(source, host)),
    backend: backend && resolvedBackend("backend", backend),
    from,
    to,
  };
}

/** The metrics of a list of runs unless others are requested: one of each kind. */
const DEFAULT_METRICS = ["put_block", "get_block", "seeks"] as const;

function report({ runs: listed, unreadable = [], cursor, looked_at }: RunPage, options: RenderOptions): Report {
  const shown = METRIC_NAMES.filter((name) =>
    (options.metrics.length > 0 ? options.metrics : DEFAULT_METRICS).some((one) => one === name),
  );
  const rows = listed.map((run) => [
    cell(formatInstant(run.finished_at)),
    named(run.host, "host", run.host),
    cell(run.backend),
    cell(qualityText(run)),
    ...shown.map((name) => cell(measuredText(run.metrics[name]))),
    named(run.id, "run", run.id),
  ]);
  const columns = [
    column("<", "finished"),
    column("<", "host"),
    column("<", "backend"),
    column("<", "cache check", "quality"),
    ...shown.map((name) => column(">", name)),
    column("<", "id"),
  ];
  return {
    title: options.title ?? TITLE,
    lead: leadText(listed.length, looked_at, cursor !== null),
    guide: "Rates are in K/s (reads and writes), seeks/s or files/s.",
    facts: [],
    notices: unreadable.map(({ id, host }) =>
      warning(
        "unreadable",
        `run ${id}${host === null ? "" : ` of ${host}`} is stored, but cannot be read, and is not listed.`,
      ),
    ),
    sections: [section("Runs", { table: { caption: "Runs, newest first", columns, rows } })],
    cursor,
  };
}

/** How many runs a page has, and whether more follow; for a page that ended before it was full, that the search continues. */
function leadText(count: number, examined: number | undefined, isFollowed: boolean): string {
  if (examined !== undefined) {
    const found =
      count === 0 ? "none of them matches" : `${formatCount(count, "run")} of them match${count === 1 ? "es" : ""}`;
    return `Searched ${formatCount(examined, "result")}: ${found}. Older ones may match; the next page continues from here.`;
  }
  if (count === 0) return "No run matches.";
  const runs = formatCount(count, "run");
  return isFollowed
    ? `${runs} on this page, newest first; older ones follow on the next page.`
    : `${runs}, newest first, up to the oldest one.`;
}

function qualityText({ quality, withdrawn_at }: Run): string {
  return withdrawn_at === null ? quality.verdict : "withdrawn";
}
