// The costs of the deployment on AWS. In: prices and measured consumption. Out: the tables of docs/costs.md, on stdout. For the prices of another
// day or region, change PRICES and run `npx tsx scripts/costs.ts`.

import { pathToFileURL } from "node:url";

/** Dollars, us-east-1, on demand, without free tiers, as published at the beginning of 2025. */
export const PRICES = {
  writeUnits: 0.625 / 1e6,
  readUnits: 0.125 / 1e6,
  lambdaRequest: 0.2 / 1e6,
  /** On arm64. */
  lambdaGbSecond: 0.0000133334,
  apiRequest: 1 / 1e6,
  /** HTTPS, North America and Europe. */
  cloudFrontRequest: 0.01 / 1e4,
  logGb: 0.5,
  /** A month. */
  customMetric: 0.3,
  alarmMetric: 0.1,
  dashboard: 3,
  storageGb: 0.25,
  recoveryGb: 0.2,
} as const;

/** Memory of the functions in GB, and log in GB for each request: the function's line, the access log, Lambda's own line. */
const MEMORY_GB = 1769 / 1024;
const LOG_GB = 1_100 / 1e9;

/** The consumption of one operation: capacity units, and milliseconds of a function. */
interface Consumption {
  readonly reads: number;
  readonly writes: number;
  readonly milliseconds: number;
}

interface FleetSize {
  readonly hosts: number;
  /** Aggregating one host with one new result. */
  readonly counting: Consumption;
  /** All metrics and strata of all hosts, with empty caches. */
  readonly comparison: Consumption;
}

/** From docs/benchmarks.md: capacity rows, and median durations, which include the engine. */
const RESULT_ALONE: Consumption = { reads: 1, writes: 8, milliseconds: 30 };
const RESULT_OF_TEN: Consumption = { reads: 0.1, writes: 6.1, milliseconds: 4 };
export const FLEETS: readonly FleetSize[] = [
  {
    hosts: 100,
    counting: { reads: 70, writes: 165, milliseconds: 21 },
    comparison: { reads: 19, writes: 0, milliseconds: 37 },
  },
  {
    hosts: 10_000,
    counting: { reads: 90, writes: 280, milliseconds: 21 },
    comparison: { reads: 53, writes: 0, milliseconds: 37 },
  },
  {
    hosts: 100_000,
    counting: { reads: 103, writes: 488, milliseconds: 25 },
    comparison: { reads: 110, writes: 0, milliseconds: 42 },
  },
];

const capacityCost = ({ reads, writes }: Consumption): number => reads * PRICES.readUnits + writes * PRICES.writeUnits;

const functionCost = ({ milliseconds }: Consumption): number =>
  PRICES.lambdaRequest + (milliseconds / 1000) * MEMORY_GB * PRICES.lambdaGbSecond;

/** A request on its way to a function. */
const REQUEST = PRICES.apiRequest + PRICES.cloudFrontRequest + LOG_GB * PRICES.logGb;

/** Dollars for each part of a million operations. */
export interface Cost {
  readonly table: number;
  readonly functions: number;
  readonly requests: number;
}

const million = (table: number, functions: number, requests: number): Cost => ({
  table: 1e6 * table,
  functions: 1e6 * functions,
  requests: 1e6 * requests,
});

/** A million results; `together` results of a host are posted and aggregated at once. */
export function results({ counting }: FleetSize, together: 1 | 10): Cost {
  const result = together === 1 ? RESULT_ALONE : RESULT_OF_TEN;
  // A request has `together` results, so each pays that share of the call and of the host's aggregation.
  const perRequest = functionCost({ ...result, milliseconds: result.milliseconds * together });
  return million(
    capacityCost(result) + capacityCost(counting) / together,
    (perRequest + functionCost(counting)) / together,
    REQUEST / together,
  );
}

/** A million comparisons; each reads its token as well. */
export const comparisons = ({ comparison }: FleetSize): Cost =>
  million(capacityCost({ ...comparison, reads: comparison.reads + 1 }), functionCost(comparison), REQUEST);

export const sumCost = ({ table, functions, requests }: Cost): number => table + functions + requests;

/** What nobody asks for still costs, in a month: metrics, alarms, dashboard, the sweep and the audit of an empty table. */
export function idleMonth(customMetrics: number, alarmMetrics: number): number {
  const sweeps = (30 * 24 * 60) / 5;
  const calls = sweeps * (functionCost({ reads: 0, writes: 0, milliseconds: 50 }) + 20 * PRICES.readUnits);
  return customMetrics * PRICES.customMetric + alarmMetrics * PRICES.alarmMetric + PRICES.dashboard + calls;
}

const dollars = (value: number): string => value.toFixed(value < 10 ? 2 : 0);

/** The prices as Markdown; prices of single operations per million. */
export function priceTable(): string {
  const shown = (value: number) => (value < 0.001 ? `${Number((value * 1e6).toPrecision(6))} a million` : `${value}`);
  const rows = Object.entries(PRICES).map(([name, value]) => `| \`${name}\` | ${shown(value)} |`);
  return ["| price | dollars |", "|---|---|", ...rows].join("\n");
}

/** The costs as Markdown. */
export function costTable(): string {
  const row = (name: string, cost: Cost) =>
    `| ${name} | ${dollars(cost.table)} | ${dollars(cost.functions)} | ${dollars(cost.requests)} | **${dollars(sumCost(cost))}** |`;
  const head = ["| | table | functions | requests and logs | sum |", "|---|--:|--:|--:|--:|"];
  const named = (hosts: number) => `${hosts.toLocaleString("en-US").replaceAll(",", " ")} hosts`;
  return [
    ...head,
    ...FLEETS.flatMap((fleet) => [
      row(`results one by one, ${named(fleet.hosts)}`, results(fleet, 1)),
      row(`results ten of a host at once, ${named(fleet.hosts)}`, results(fleet, 10)),
    ]),
    ...FLEETS.map((fleet) => row(`comparisons, ${named(fleet.hosts)}`, comparisons(fleet))),
  ].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) console.log(`${costTable()}\n\n${priceTable()}`);
