import type * as z from "zod";
import type { backendsQuery, compareQuery, matrixQuery, trendQuery } from "../../shared/api/parameters.ts";
import { type CellKind, SCOPE_ALL } from "../../shared/cells/cell.ts";
import { pairName } from "../../shared/cells/contribution.ts";
import type { CountedHost } from "../../shared/cells/stored-summary.ts";
import { type AllBackends, allBackends } from "../../shared/compare/backends.ts";
import type { CellQuery, CellReading } from "../../shared/compare/cell-reading.ts";
import { compare } from "../../shared/compare/compare.ts";
import type { Comparison, ComparisonQuery } from "../../shared/compare/comparison.ts";
import { metricCell } from "../../shared/compare/estimate.ts";
import type { Notice } from "../../shared/compare/flags.ts";
import { backendsOf, type HostProfile, hostProfile, pairsOf } from "../../shared/compare/host.ts";
import { type MatrixPair, matrix } from "../../shared/compare/matrix.ts";
import type { Merged } from "../../shared/compare/merge-periods.ts";
import {
  type MatrixResult,
  type TrendPeriod,
  type TrendQuery,
  type TrendResult,
  trend,
} from "../../shared/compare/trend.ts";
import { AppError } from "../../shared/errors.ts";
import type { RunPage as RunPageAnswer } from "../../shared/report/model.ts";
import { describeComparison } from "../../shared/report/sentences.ts";
import { unknownBackendText } from "../../shared/run/aliases.ts";
import { type Backend, isBackend } from "../../shared/run/backends.ts";
import { COHORT_KEYS, type CohortKey } from "../../shared/run/cohort.ts";
import type { RunPage } from "../../shared/run/listing.ts";
import {
  MAX_PERIODS,
  PERIOD_ALL,
  type PeriodUnit,
  periodAt,
  periodsBetween,
  periodsUpTo,
} from "../../shared/run/periods.ts";
import { resolveBackend } from "../../shared/run/resolution.ts";
import type { Run } from "../../shared/run/run.ts";
import { hostMatches, type Token } from "../../shared/run/token.ts";
import type { QueryDeps, ReadDeps } from "../web/routes/read.ts";

/** The cells for one query. They may be shared with those of other queries, and must not be changed. */
interface OpenCells {
  /** The cells of one kind and name, e.g. `pair`, `blktap1:loop`. */
  read(kind: CellKind, name: string): Promise<CellReading>;
  /** The cells of every pair or every backend that has any, by name in alphabetical order. */
  readAll(kind: "pair" | "backend"): Promise<ReadonlyMap<string, CellReading>>;
}

/** Reads cells. */
export interface CellReader {
  /** Finds out where the cells for a query are, and gives what reads them. */
  open(query: CellQuery): Promise<OpenCells>;
}

/** Finds runs. */
export interface RunLookup {
  /** Null when there is no such run. Throws `unreadable` when it cannot be read. */
  get(fleet: string, id: string): Promise<Run | null>;
}

/** Finds hosts. */
export interface HostLookup {
  /** Null for a host that has no runs, neither counted nor pending. */
  get(fleet: string, host: string): Promise<CountedHost | null>;
}

/** Counts hosts with runs that the cells do not contain yet. */
export interface PendingHostCount {
  /** The number, which may be a second old. */
  count(fleet: string): Promise<number>;
}

/**
 * The name under which a host is stored that somebody asks for: in NFC, as names are taken in. An earlier version stored them
 * as they were sent: where there is such a host, it is that one.
 */
export async function hostNamed(hosts: HostLookup, fleet: string, asked: string): Promise<string> {
  const composed = asked.normalize("NFC");
  return composed === asked || (await hosts.get(fleet, asked)) !== null ? asked : composed;
}

/** The slug that a parameter's word stands for. Throws `bad_parameter`, which names the parameter. */
export function backendOf(parameter: "backend" | "baseline" | "candidate", word: string): Backend {
  const resolution = resolveBackend(word);
  if (resolution !== null) return resolution.backend;
  const text = unknownBackendText(parameter, word);
  throw new AppError("bad_parameter", text, {
    issues: [{ line: 0, column: 0, field: parameter, code: "bad_parameter", text, raw: "" }],
  });
}

/** The cohort filters among the parameters of a query. */
function filtersOf(
  query: Readonly<Partial<Record<CohortKey, readonly string[] | undefined>>>,
): ComparisonQuery["filters"] {
  return Object.fromEntries(COHORT_KEYS.flatMap((key) => (query[key] === undefined ? [] : [[key, query[key]]])));
}

// What every statistical answer says about the cells it was made from.

/** When any of the cells read was written last; null without any. */
function newest(readings: Iterable<CellReading>): string | null {
  const written = [...readings].flatMap(({ writtenAt }) => writtenAt ?? []);
  return written.sort().at(-1) ?? null;
}

/** What a reader must know of them. */
function noticesOf(readings: Iterable<CellReading>): readonly Notice[] {
  return [...readings].some(({ isCapped }) => isCapped) ? ["cohorts_capped"] : [];
}

/**
 * The run with an id. An ingest token reads its own receipts: runs of the hosts it may post for. Throws `forbidden` for
 * others, and `not_found`, as for runs of other fleets, of which nothing is known here.
 */
export async function runResult({ runs }: Pick<ReadDeps, "runs">, token: Token, id: string): Promise<Run> {
  const run = await runs.get(token.fleet, id);
  if (run === null) throw new AppError("not_found", "this fleet has no run with that id");
  if (token.scope === "ingest" && !hostMatches(token.hosts, run.host)) {
    throw new AppError("forbidden", `this token reads receipts of hosts ${token.hosts}, not of "${run.host}"`);
  }
  return run;
}

/** A page of runs as it is answered. */
export function runPageResult({ items, unreadable, cursor, lookedAt }: RunPage): RunPageAnswer {
  return {
    runs: items,
    ...(unreadable.length > 0 && { unreadable: unreadable.map(({ id, host }) => ({ id, host })) }),
    cursor,
    ...(lookedAt !== undefined && { looked_at: lookedAt }),
  };
}

/** No host has a longer name, and no key of a table holds a much longer one. */
const MAX_NAME = 255;

/** What is known of a host; null when nothing is. */
export async function hostResult(
  deps: Pick<ReadDeps, "hosts" | "cells">,
  fleet: string,
  host: string,
): Promise<HostProfile | null> {
  if (host.length > MAX_NAME) return null;
  const counted = await deps.hosts.get(fleet, await hostNamed(deps.hosts, fleet, host));
  if (counted === null) return null;
  const about = { fleet, periods: [PERIOD_ALL], filters: {} };
  const { summary } = counted;
  const cells = await deps.cells.open(about);
  const [ofBackends, ofPairs] = await Promise.all([
    Promise.all(
      backendsOf(summary).map(async (backend) => [backend, (await cells.read("backend", backend)).views] as const),
    ),
    Promise.all(
      pairsOf(summary).map(async ({ baseline, candidate }) => {
        const name = pairName(baseline, candidate);
        return [name, (await cells.read("pair", name)).views] as const;
      }),
    ),
  ]);
  return hostProfile({ ...counted, backendCells: new Map(ofBackends), pairCells: new Map(ofPairs) });
}

/**
 * What each backend of a fleet does by itself. It reads one range of cells for each backend there is, at most 12 of them
 * for each period and matching cohort, and as many small reads to find out which there are.
 */
export async function backendsResult(
  deps: QueryDeps,
  fleet: string,
  query: z.output<typeof backendsQuery>,
): Promise<AllBackends> {
  const { period: periods, view, metric: metrics = [], ...cohort } = query;
  const filters = filtersOf(cohort);
  const cells = deps.cells.open({ fleet, periods, filters, metrics });
  const [readings, pendingHosts] = await Promise.all([
    cells.then(({ readAll }) => readAll("backend")),
    cells.then(() => deps.pendingHosts.count(fleet)),
  ]);
  return allBackends({
    query: { periods, view, filters, metrics },
    asOf: newest(readings.values()),
    pendingHosts,
    notices: noticesOf(readings.values()),
    values: new Map([...readings].map(([name, { views }]) => [name, views[view]])),
  });
}

// The trend that a query asks for. It reads one range of cells for each period and matching cohort; without `from` twelve
// periods at a time, backwards until twelve have results, sixty at most.

/** Periods shown without `from`, and read at a time. */
const SHOWN = 12;

/** The trend of one backend and metric of a fleet; up to the present period unless the query ends it. Throws `bad_parameter`. */
export async function trendResult(
  deps: QueryDeps,
  fleet: string,
  query: z.output<typeof trendQuery>,
): Promise<TrendResult> {
  const { metric, view, unit, from } = query;
  const last = query.to ?? periodAt(new Date(deps.clock()).toISOString(), unit);
  const question = { backend: backendOf("backend", query.backend), metric, view, filters: filtersOf(query) };
  const periods = await (from === undefined
    ? latestPeriods(deps, fleet, question, last, unit)
    : readPeriods(deps, fleet, question, allBetween(from, last, unit)));
  const pendingHosts = await deps.pendingHosts.count(fleet);
  const readings = periods.map(({ reading }) => reading);
  return {
    unit,
    periods: periods.map(({ period }) => period),
    ...trend(question, periods),
    as_of: newest(readings),
    pending_hosts: pendingHosts,
    notices: noticesOf(readings),
  };
}

function allBetween(from: string, last: string, unit: PeriodUnit): string[] {
  const periods = periodsBetween(from, last, unit);
  if (periods.length <= MAX_PERIODS) return periods;
  throw new AppError(
    "bad_parameter",
    `from ${from} to ${last} are ${periods.length} periods; expected at most ${MAX_PERIODS}`,
  );
}

interface ReadPeriod extends TrendPeriod {
  readonly reading: CellReading;
}

function readPeriods(
  deps: QueryDeps,
  fleet: string,
  { backend, metric, view, filters }: TrendQuery,
  periods: readonly string[],
): Promise<ReadPeriod[]> {
  return Promise.all(
    periods.map(async (period) => {
      const about = { fleet, periods: [period], filters, metrics: [metric] };
      const reading = await (await deps.cells.open(about)).read("backend", backend);
      return { period, values: reading.views[view], reading };
    }),
  );
}

/** The latest periods in which any host has the metric. */
async function latestPeriods(
  deps: QueryDeps,
  fleet: string,
  question: TrendQuery,
  last: string,
  unit: PeriodUnit,
): Promise<ReadPeriod[]> {
  const wanted = periodsUpTo(last, MAX_PERIODS, unit);
  let found: ReadPeriod[] = [];
  while (wanted.length > 0 && found.length < SHOWN) {
    const read = await readPeriods(deps, fleet, question, wanted.splice(-SHOWN));
    const measured = read.filter(({ values }) =>
      [...values.values()].some(({ cell }) => metricCell(cell, question.metric).n > 0),
    );
    found = [...measured, ...found];
  }
  return found.slice(-SHOWN);
}

/**
 * The matrix that a query asks for, of a fleet. It reads the cells of scope ALL alone: one range for each pair and each
 * backend there is, at most 66 and 12 of them for each period and matching cohort.
 */
export async function matrixResult(
  deps: QueryDeps,
  fleet: string,
  query: z.output<typeof matrixQuery>,
): Promise<MatrixResult> {
  const { period: periods, view, margin, metric: metrics = [], ...cohort } = query;
  const filters = filtersOf(cohort);
  const about = { fleet, periods, filters, scope: SCOPE_ALL, metrics };
  const cells = deps.cells.open(about);
  const [ofPairs, ofBackends, pendingHosts] = await Promise.all([
    cells.then(({ readAll }) => readAll("pair")),
    cells.then(({ readAll }) => readAll("backend")),
    cells.then(() => deps.pendingHosts.count(fleet)),
  ]);
  const pairs = [...ofPairs].flatMap(([name, { views }]): MatrixPair[] => {
    const cell = views[view].get(SCOPE_ALL);
    const [baseline = "", candidate = ""] = name.split(":");
    return cell !== undefined && isBackend(baseline) && isBackend(candidate) ? [{ baseline, candidate, cell }] : [];
  });
  const values = [...ofBackends].flatMap(([name, { views }]): [Backend, Merged][] => {
    const cell = views[view].get(SCOPE_ALL);
    return cell !== undefined && isBackend(name) ? [[name, cell]] : [];
  });
  const readings = [...ofPairs.values(), ...ofBackends.values()];
  return {
    ...matrix({ periods, view, filters, margin, metrics }, pairs, new Map(values)),
    as_of: newest(readings),
    pending_hosts: pendingHosts,
    notices: noticesOf(readings),
  };
}

/** The comparison that a query asks for, of a fleet: a fixed number of cells, never runs. Throws `bad_parameter`. */
export async function compareResult(
  deps: QueryDeps,
  fleet: string,
  query: z.output<typeof compareQuery>,
): Promise<Comparison> {
  const baseline = backendOf("baseline", query.baseline);
  const candidate = backendOf("candidate", query.candidate);
  if (baseline === candidate) {
    throw new AppError("bad_parameter", `baseline and candidate are both ${baseline}; expected two backends`);
  }
  const { period: periods, view, margin, metric: metrics = [] } = query;
  const question: ComparisonQuery = { baseline, candidate, periods, view, filters: filtersOf(query), margin, metrics };
  const about = { fleet, periods, filters: question.filters, metrics };
  const cells = deps.cells.open(about);
  const [pair, ofBaseline, ofCandidate, pendingHosts] = await Promise.all([
    cells.then(({ read }) => read("pair", pairName(baseline, candidate))),
    cells.then(({ read }) => read("backend", baseline)),
    cells.then(({ read }) => read("backend", candidate)),
    cells.then(() => deps.pendingHosts.count(fleet)),
  ]);
  const findings = compare({
    query: question,
    asOf: newest([pair, ofBaseline, ofCandidate]),
    pendingHosts,
    notices: noticesOf([pair, ofBaseline, ofCandidate]),
    pair: pair.views[view],
    baselineValues: ofBaseline.views[view],
    candidateValues: ofCandidate.views[view],
    pairAsReported: view === "trusted" ? pair.views.all : null,
  });
  return describeComparison(findings);
}
