// The fields of forms, and the form above a summary: a GET form, so that every result has a URL. In: the query as it was sent,
// valid or not, so that the form always shows what was asked for. Out: fields and forms for pages.

import type { Child, FC } from "hono/jsx";
import { BACKENDS } from "../../../shared/run/backends.ts";
import { COHORT_KEYS, type CohortKey } from "../../../shared/run/cohort.ts";
import { METRICS } from "../../../shared/run/metrics.ts";
import { PERIOD_ALL, periodAt, periodsUpTo } from "../../../shared/run/periods.ts";
import { printable } from "../../../shared/run/text.ts";
import type { ReadDeps } from "../routes/read.ts";

/** The query of a page as it was sent (`sentQuery`): for each parameter its values, valid or not. */
export type PageQuery = Readonly<Record<string, readonly string[]>>;

/** The first value of a parameter; `fallback` when it was not sent. */
export const firstValue = (query: PageQuery, name: string, fallback: string): string => query[name]?.[0] ?? fallback;

/** The form that asks for a summary: its main fields, a button, and less common fields in `more`. */
export const QueryForm: FC<{ action: string; label: string; submit?: string; children: Child; more?: Child }> = ({
  action,
  label,
  submit = "Apply",
  children,
  more,
}) => (
  <form method="get" action={action} class="query-form" aria-label={label}>
    <div class="row">
      {children}
      <button type="submit" class="primary">
        {submit}
      </button>
    </div>
    {more}
  </form>
);

/**
 * Filters that most readers leave alone: host attributes, and the fields in `children`, whose parameters are `parameters`.
 * Open when one of these parameters was sent.
 */
export const Filters: FC<{
  query: PageQuery;
  values: CohortValues;
  parameters: readonly string[];
  children: Child;
}> = ({ query, values, parameters, children }) => (
  <details class="more" open={[...COHORT_KEYS, ...parameters].some((name) => query[name] !== undefined)}>
    <summary>Filters</summary>
    <div class="filter-fields">
      {COHORT_KEYS.map((key) => (
        <Checkboxes
          legend={COHORT_LABELS[key]}
          name={key}
          options={values[key].map((value) => ({ value, text: value }))}
          chosen={query[key] ?? []}
        />
      ))}
      {children}
    </div>
  </details>
);

/** For each host attribute the values to offer as filters. */
export type CohortValues = Readonly<Record<CohortKey, readonly string[]>>;

/** Checkboxes for each attribute. The URL takes any value, also one that is not offered. */
const MAX_VALUES = 60;

/** The values that hosts of the fleet have over all time, sorted, at most 60 for each attribute. */
export async function readCohortValues({ cells }: Pick<ReadDeps, "cells">, fleet: string): Promise<CohortValues> {
  const cohorts = await cells.cohorts(fleet, PERIOD_ALL);
  const findValues = (key: CohortKey) =>
    [...new Set(cohorts.flatMap((cohort) => cohort[key]?.normalize("NFC") ?? []))].sort().slice(0, MAX_VALUES);
  return {
    site: findValues("site"),
    hardware: findValues("hardware"),
    storage: findValues("storage"),
    xen_version: findValues("xen_version"),
  };
}

/** The host attributes as labels of fields. */
export const COHORT_LABELS: Readonly<Record<CohortKey, string>> = {
  site: "Site",
  hardware: "Hardware",
  storage: "Storage",
  xen_version: "Xen version",
};

/** A control with its label above it. */
export const Field: FC<{ label: string; name: string; children: Child }> = ({ label, name, children }) => (
  <div class="field">
    <label for={name}>{label}</label>
    {children}
  </div>
);

interface Option {
  readonly value: string;
  readonly text: string;
}

/** A select field. A sent value that is not an option is shown first, so that the reader sees it and can change it. */
export const Choice: FC<{
  label: string;
  name: string;
  options: readonly Option[];
  value: string;
  required?: boolean;
}> = ({ label, name, options, value, required = false }) => (
  <Field label={label} name={name}>
    <select id={name} name={name} required={required}>
      {withUnknownValues(options, [value]).map((option) => (
        <option value={option.value} selected={option.value === value}>
          {printable(option.text)}
        </option>
      ))}
    </select>
  </Field>
);

/** Checkboxes; none checked means all. Sent values that are not options are shown first. Nothing without any. */
const Checkboxes: FC<{ legend: string; name: string; options: readonly Option[]; chosen: readonly string[] }> = (
  props,
) => {
  const options = withUnknownValues(props.options, props.chosen);
  return options.length === 0 ? null : (
    <fieldset>
      <legend>{props.legend}</legend>
      <div class="boxes">
        {options.map(({ value, text }) => (
          <label>
            <input type="checkbox" name={props.name} value={value} checked={props.chosen.includes(value)} />{" "}
            {printable(text)}
          </label>
        ))}
      </div>
    </fieldset>
  );
};

function withUnknownValues(options: readonly Option[], chosen: readonly string[]): Option[] {
  const unknown = chosen.filter((value) => !options.some((option) => option.value === value));
  return [...unknown.map((value) => ({ value, text: value })), ...options];
}

/** All backends; `any` is the text of an option for none of them, which comes first. */
export const BackendChoice: FC<{ label: string; name: string; value: string; any?: string }> = ({ any, ...props }) => (
  <Choice
    {...props}
    options={[
      ...(any === undefined ? [] : [{ value: "", text: any }]),
      ...BACKENDS.map((backend) => ({ value: backend, text: backend })),
    ]}
  />
);

/** All time, and recent periods up to `now` (milliseconds since 1970): 3 years, 6 quarters, 12 months. */
export const PeriodChoice: FC<{ now: number; value: string }> = ({ now, value }) => {
  const today = new Date(now).toISOString();
  const latest = (unit: "month" | "quarter" | "year", count: number) =>
    periodsUpTo(periodAt(today, unit), count, unit).toReversed();
  const periods = [...latest("year", 3), ...latest("quarter", 6), ...latest("month", 12)];
  const options = [
    { value: "all", text: "all time" },
    ...periods.map((period) => ({ value: period, text: period.replace("-Q", " Q") })),
  ];
  return <Choice label="Period" name="period" options={options} value={value} />;
};

export const ViewChoice: FC<{ value: string }> = ({ value }) => (
  <Choice
    label="Cached reads"
    name="view"
    options={[
      { value: "trusted", text: "exclude" },
      { value: "all", text: "include" },
    ]}
    value={value}
  />
);

export const MarginChoice: FC<{ value: string }> = ({ value }) => (
  <Choice
    label="Equivalence margin"
    name="margin"
    options={["0.01", "0.02", "0.03", "0.05", "0.1", "0.2"].map((margin) => ({
      value: margin,
      text: `${Number(margin) * 100} %`,
    }))}
    value={value}
  />
);

const METRIC_OPTIONS: readonly Option[] = METRICS.map(({ name, label }) => ({ value: name, text: label }));

export const MetricChoice: FC<{ value: string }> = ({ value }) => (
  <Choice label="Metric" name="metric" options={METRIC_OPTIONS} value={value} />
);

export const MetricCheckboxes: FC<{ chosen: readonly string[] }> = ({ chosen }) => (
  <Checkboxes legend="Metrics" name="metric" options={METRIC_OPTIONS} chosen={chosen} />
);
