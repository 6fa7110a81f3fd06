import type { PeriodUnit } from "../model/period-range.ts";
import type { Matrix } from "./matrix.ts";
import type { Notice } from "./notice.ts";
import type { Trend } from "./trend.ts";

/** How fresh an answer is, and what a reader must know of all its numbers. */
export interface Freshness {
  /** When the statistics were last brought up to date, ISO 8601; null without any. */
  readonly as_of: string | null;
  /** Hosts with results that are not in these numbers yet. */
  readonly pending_hosts: number;
  readonly notices: readonly Notice[];
}

/** The answer of GET /v1/matrix. */
export interface DatedMatrix extends Matrix, Freshness {}

/** The answer of GET /v1/trend, with the periods it was made from, in the order of time. */
export interface DatedTrend extends Trend, Freshness {
  readonly unit: PeriodUnit;
  readonly periods: readonly string[];
}
