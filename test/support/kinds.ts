// All kinds of summaries loaded at once, so that tests can render a summary of any kind without waiting.

import type { Scene } from "../../shared/chart/scene.ts";
import type { RenderOptions, Report } from "../../shared/report/model.ts";
import type { Records } from "../../shared/report/records.ts";
import { activity } from "../../shared/summaries/activity.ts";
import { backends } from "../../shared/summaries/backends.ts";
import { compare } from "../../shared/summaries/compare.ts";
import * as documents from "../../shared/summaries/documents.ts";
import type { TextFormat } from "../../shared/summaries/formats.ts";
import { host } from "../../shared/summaries/host.ts";
import { hosts } from "../../shared/summaries/hosts.ts";
import type { SummaryKind } from "../../shared/summaries/kind.ts";
import { matrix } from "../../shared/summaries/matrix.ts";
import { run } from "../../shared/summaries/run.ts";
import { runs } from "../../shared/summaries/runs.ts";
import { trend } from "../../shared/summaries/trend.ts";

const KINDS = { compare, matrix, trend, backends, hosts, host, runs, run, activity };

type Kinds = typeof KINDS;

/** A summary of one of the kinds of the service. */
export type Summary = {
  readonly [Name in keyof Kinds]: {
    readonly kind: Name;
    readonly result: Awaited<ReturnType<Kinds[Name]["compute"]>>;
  };
}[keyof Kinds];

const kindOf = ({ kind }: Summary): SummaryKind => KINDS[kind];

/** A summary in one format. */
export const rendered = (format: TextFormat, summary: Summary, options: RenderOptions): string =>
  documents.rendered(format, kindOf(summary), summary.result, options);

/** The chart of a summary; null if its kind has none. */
export const chartOf = (
  summary: Summary,
  options: RenderOptions,
  place: "alone" | "in its page" = "alone",
): Scene | null => documents.chartScene(kindOf(summary), summary.result, options, place);

export const reportOf = (summary: Summary, options: RenderOptions): Report =>
  kindOf(summary).report(summary.result, options);

export const recordsOfSummary = (summary: Summary, options: RenderOptions): Records =>
  kindOf(summary).records(summary.result, options);
