// What a kind of summary is, and what it is computed from. A kind is one file of this folder that exports one
// `SummaryKind`: its parameters, its result, how the result is computed and how it is shown. Everything else about it
// (routes, pictures, shares, OpenAPI, navigation) follows from its entry in registry.ts. A kind gets its numbers from the
// interfaces below, which the service implements over the store; nothing here knows DynamoDB or HTTP.

import type * as z from "zod";
import type { CountedHost, ListedHost } from "../cells/stored-summary.ts";
import type { ChartText } from "../chart/layout.ts";
import type { Scene } from "../chart/scene.ts";
import type { CellQuery, CellReading } from "../compare/merged-cells.ts";
import type { Freshness } from "../compare/trend.ts";
import type { ErrorCode } from "../errors.ts";
import type { RenderOptions, Report } from "../report/model.ts";
import type { Records } from "../report/records.ts";
import type { Activity } from "../run/activity.ts";
import type { HostQuery, Page, RunPage, RunQuery } from "../run/listing.ts";
import type { MetricName } from "../run/metrics.ts";
import type { Run } from "../run/run.ts";
import type { Settings } from "../run/settings.ts";

/**
 * A kind of summary. `Query` is the schema of its query parameters, without those of rendering; `Result` is what the
 * endpoint gives as JSON. `name` is the text of the path parameter, e.g. the host of `/v1/hosts/{host}`; it is absent for
 * kinds without one.
 */
export interface SummaryKind<Query extends z.ZodObject = z.ZodObject, Result = unknown, Source = FleetSource> {
  readonly endpoint: EndpointTexts;
  readonly query: Query;
  /** A schema with a name (`meta({ id })`), made when it is first needed: only documents and frozen shares need it. */
  result(): z.ZodType<Result>;
  /** The title of the summary, as far as its query tells it. Throws `bad_parameter`. */
  title(query: z.output<Query>, name?: string): string;
  /** Throws `bad_parameter` for a query that no schema can check, `not_found`, and the errors of the source. */
  compute(source: Source, query: z.output<Query>, name?: string): Promise<Result>;
  /** The result for people. */
  report(result: Result, options: RenderOptions): Report;
  /** The result for programs, as one table. */
  records(result: Result, options: RenderOptions): Records;
  /** The result as a chart, under the given texts. Absent: the kind has no chart. */
  chart?(result: Result, texts: ChartText, options: RenderOptions): Scene;
  /** One metric of the result in a line. Throws `bad_parameter` for a metric that the result does not have. */
  badge?(result: Result, metric: MetricName | undefined): Scene;
  /** What the endpoint gives as text in place of the report. */
  raw?(result: Result): RawText;
}

/** What OpenAPI says about the endpoint of a kind. */
interface EndpointTexts {
  /** `operationId`, in camel case. */
  readonly id: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  /** The parameter of the path. */
  readonly parameter?: string;
  readonly result: string;
  /** Errors in addition to those that every endpoint has. */
  readonly errors?: readonly ErrorCode[];
}

/** Text with the encoding in which it was received: `latin-1` text holds one character for each byte. */
export interface RawText {
  readonly text: string;
  readonly encoding: "utf-8" | "latin-1";
}

/** A result and the name of its kind: data that a thread or a cache can hold. */
export interface Summary<Result = unknown> {
  readonly kind: string;
  readonly result: Result;
}

// What summaries are computed from.

/** Which cells to read. */
type CellSelection = Omit<CellQuery, "fleet" | "charge">;

/** Reads the selected cells. They may be shared with other readers and must not be changed. */
export interface CellReader {
  /** The cells of one backend, or of one pair such as `blktap1:loop`. */
  read(kind: "pair" | "backend", name: string): Promise<CellReading>;
  /** The cells of every pair or backend that has any, by name in alphabetical order. */
  readAll(kind: "pair" | "backend"): Promise<ReadonlyMap<string, CellReading>>;
}

/** The statistics of one fleet. */
export interface CellSource {
  /** Throws `slow_down` or `bad_parameter` if too many cells would be read. */
  cells(selection: CellSelection): Promise<CellReader>;
  /** Hosts with results that the cells do not hold yet, counted up to `PENDING_COUNTED_TO`. */
  pendingHosts(): Promise<number>;
  /** The present, in milliseconds since 1970. */
  now(): number;
}

/** The statistics, hosts and runs of one fleet, as far as the caller may read them. */
export interface FleetSource extends CellSource {
  /** Null for a host without results. */
  host(name: string): Promise<CountedHost | null>;
  hosts(query: HostQuery): Promise<Page<ListedHost>>;
  settings(): Promise<Settings>;
  /** Throws `not_found`, and `forbidden` for a run that the caller may not read. */
  run(id: string): Promise<Run>;
  /** A page, which may be short, or empty, without being the last. */
  runs(query: RunQuery): Promise<RunPage>;
  /** What admins did, newest first. */
  activity(limit: number, cursor?: string): Promise<Page<Activity>>;
}

/** How fresh a result is, and what readers must know of all its numbers, from the cells it was computed from. */
export function freshness(readings: Iterable<CellReading>, pendingHosts: number): Freshness {
  const all = [...readings];
  const written = all.flatMap(({ writtenAt }) => writtenAt ?? []);
  return {
    as_of: written.sort().at(-1) ?? null,
    pending_hosts: pendingHosts,
    notices: all.some(({ isCapped }) => isCapped) ? ["cohorts_capped"] : [],
  };
}
