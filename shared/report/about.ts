// What every statistical answer says about itself, in reports and in records: its query, and how fresh it is. In: the fields
// that all answers share. Out: facts, notices and columns.

import type { ComparisonQuery } from "../compare/comparison.ts";
import type { Notice } from "../compare/flags.ts";
import type { Freshness } from "../compare/trend.ts";
import { COHORT_KEYS } from "../run/cohort.ts";
import { formatMargin, formatNumber } from "../run/format.ts";
import { PENDING_COUNTED_TO } from "../run/pending-host.ts";
import { formatInstant } from "./format.ts";
import { type Fact, type LabeledText, type RenderOptions, warning } from "./model.ts";
import type { Field } from "./records.ts";

/** The fields that all statistical answers share. */
export interface About extends Pick<ComparisonQuery, "periods" | "view" | "filters">, Freshness {
  readonly method_version: string;
}

const NOTICE_TEXTS: Readonly<Record<Notice, string>> = {
  cohorts_capped:
    "there are more cohorts than are counted separately, so hosts that match the filters may be missing from all numbers.",
};

/** The facts about an answer; the facts of its own kind are in the middle. */
export function aboutFacts(about: About, own: readonly Fact[] = []): Fact[] {
  const { periods, view, filters, as_of, pending_hosts, method_version } = about;
  return [
    { label: "period", text: periods.length === 0 ? "none" : periods.join(", ") },
    { label: "view", text: view },
    ...COHORT_KEYS.flatMap((key) =>
      filters[key] === undefined ? [] : [{ label: key, text: filters[key].join(" or ") }],
    ),
    ...own,
    { label: "as of", text: as_of === null ? "never" : formatInstant(as_of) },
    { label: "pending hosts", text: pendingText(pending_hosts) },
    { label: "method", text: method_version },
  ];
}

/** A number of pending hosts, which are counted up to a limit. */
const pendingText = (pending: number): string =>
  `${formatNumber(pending)}${pending < PENDING_COUNTED_TO ? "" : " or more"}`;

/** The metrics that are shown, when the report leaves some out. */
export function shownFact({ metrics }: Pick<RenderOptions, "metrics">): Fact[] {
  return metrics.length === 0 ? [] : [{ label: "showing", text: metrics.join(", ") }];
}

/** The margin as a fact: `3 %`. */
export function marginFact(margin: number): Fact {
  return { label: "margin", text: formatMargin(margin) };
}

/** The notices about all numbers of an answer. */
export function noticeTexts({
  notices,
  pending_hosts: pending,
}: Pick<About, "notices" | "pending_hosts">): LabeledText[] {
  const late = pending === 1 ? "1 host has" : `${pendingText(pending)} hosts have`;
  return [
    ...notices.map((notice) => warning(notice, NOTICE_TEXTS[notice])),
    ...(pending === 0 ? [] : [warning("pending", `${late} newer results that are not in these numbers yet.`)]),
  ];
}

/** The columns that follow the own columns of every statistical answer. Lists are separated by spaces; `filters` is JSON. */
const ABOUT_FIELDS: readonly Field<About>[] = [
  ["periods", ({ periods }) => periods.join(" ")],
  ["view", ({ view }) => view],
  ["filters", ({ filters }) => JSON.stringify(filters)],
  ["as_of", ({ as_of }) => as_of],
  ["pending_hosts", ({ pending_hosts }) => pending_hosts],
  ["notices", ({ notices }) => notices.join(" ")],
  ["method_version", ({ method_version }) => method_version],
];

/** The same for items that carry their answer with them. */
export function aboutFields<T>(getAbout: (item: T) => About): Field<T>[] {
  return ABOUT_FIELDS.map(([name, read]) => [name, (item) => read(getAbout(item))]);
}
