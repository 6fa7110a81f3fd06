// Parts of the forms that ask for a summary. Each shows what was asked, whether it could be understood or not.

import type { Child, FC } from "hono/jsx";
import { BACKENDS } from "../../../shared/run/backends.ts";
import { COHORT_KEYS, type CohortKey } from "../../../shared/run/cohort.ts";
import { METRICS } from "../../../shared/run/metrics.ts";
import { periodAt, periodsUpTo } from "../../../shared/model/period-range.ts";
import { printable } from "../../../shared/run/text.ts";

/** The parameters of a page as they were sent (`sentQuery`). */
export type Asked = Readonly<Record<string, readonly string[]>>;

/** The first value of a parameter, which is the only one for most. */
export const firstOf = (asked: Asked, name: string, otherwise: string): string => asked[name]?.[0] ?? otherwise;

interface Option {
  readonly value: string;
  readonly text: string;
}

/** A control under its label. */
export const Field: FC<{ label: string; name: string; children: Child }> = ({ label, name, children }) => (
  <div class="field">
    <label for={name}>{label}</label>
    {children}
  </div>
);

/** A choice of one; a value that is none of the options stands first, so that it can be seen and changed. */
export const Choice: FC<{
  label: string;
  name: string;
  options: readonly Option[];
  value: string;
  required?: boolean;
}> = ({ label, name, options, value, required = false }) => (
  <Field label={label} name={name}>
    <select id={name} name={name} required={required}>
      {[...(options.some((one) => one.value === value) ? [] : [{ value, text: value }]), ...options].map((one) => (
        <option value={one.value} selected={one.value === value}>
          {printable(one.text)}
        </option>
      ))}
    </select>
  </Field>
);

export const BackendChoice: FC<{ label: string; name: string; value: string }> = (props) => (
  <Choice {...props} options={BACKENDS.map((backend) => ({ value: backend, text: backend }))} />
);

/** All time, and the periods up to the present that people ask for. */
export const PeriodChoice: FC<{ now: number; value: string }> = ({ now, value }) => {
  const today = new Date(now).toISOString();
  const upToNow = (unit: "month" | "quarter" | "year", count: number) =>
    periodsUpTo(periodAt(today, unit), count, unit).toReversed();
  const periods = [...upToNow("year", 3), ...upToNow("quarter", 6), ...upToNow("month", 12)];
  const options = [
    { value: "all", text: "all time" },
    ...periods.map((period) => ({ value: period, text: period.replace("-Q", ", quarter ") })),
  ];
  return <Choice label="Period" name="period" options={options} value={value} />;
};

export const ViewChoice: FC<{ value: string }> = ({ value }) => (
  <Choice
    label="Reads from a cache"
    name="view"
    options={[
      { value: "trusted", text: "left out" },
      { value: "all", text: "taken as reported" },
    ]}
    value={value}
  />
);

export const MarginChoice: FC<{ value: string }> = ({ value }) => (
  <Choice
    label="Too small to matter"
    name="margin"
    options={["0.01", "0.02", "0.03", "0.05", "0.1", "0.2"].map((margin) => ({
      value: margin,
      text: `below ${Number(margin) * 100} %`,
    }))}
    value={value}
  />
);

/** Boxes to tick; ticking none means all. */
const Boxes: FC<{ legend: string; name: string; options: readonly Option[]; chosen: readonly string[] }> = ({
  legend,
  name,
  options,
  chosen,
}) => {
  const others = chosen.filter((value) => !options.some((one) => one.value === value));
  const shown = [...others.map((value) => ({ value, text: value })), ...options];
  return shown.length === 0 ? null : (
    <fieldset>
      <legend>{legend}</legend>
      <div class="boxes">
        {shown.map(({ value, text }) => (
          <label>
            <input type="checkbox" name={name} value={value} checked={chosen.includes(value)} /> {printable(text)}
          </label>
        ))}
      </div>
    </fieldset>
  );
};

export const MetricBoxes: FC<{ chosen: readonly string[] }> = ({ chosen }) => (
  <Boxes
    legend="Metrics"
    name="metric"
    options={METRICS.map(({ name, label }) => ({ value: name, text: label }))}
    chosen={chosen}
  />
);

/** The attributes of hosts as people call them. */
export const COHORT_LABELS: Readonly<Record<CohortKey, string>> = {
  site: "Site",
  hardware: "Hardware",
  storage: "Storage",
  xen_version: "Xen version",
};

/** The values that a fleet's hosts have, by attribute. */
export type CohortValues = Readonly<Record<CohortKey, readonly string[]>>;

/** Boxes for each attribute of hosts that any host has. */
const CohortBoxes: FC<{ values: CohortValues; asked: Asked }> = ({ values, asked }) => (
  <>
    {COHORT_KEYS.map((key) => (
      <Boxes
        legend={COHORT_LABELS[key]}
        name={key}
        options={values[key].map((value) => ({ value, text: value }))}
        chosen={asked[key] ?? []}
      />
    ))}
  </>
);

/**
 * What most people leave as it is: the attributes of hosts, and fields of the parameters `others`. Closed until one of them was
 * sent.
 */
export const More: FC<{ asked: Asked; values: CohortValues; others: readonly string[]; children: Child }> = ({
  asked,
  values,
  others,
  children,
}) => (
  <details class="more" open={[...COHORT_KEYS, ...others].some((name) => asked[name] !== undefined)}>
    <summary>Narrow down</summary>
    <div class="more-fields">
      <CohortBoxes values={values} asked={asked} />
      {children}
    </div>
  </details>
);
