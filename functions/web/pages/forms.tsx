// Parts of the forms that ask for a summary. Each shows what was asked, whether it could be understood or not.

import type { Context } from "hono";
import type { Child, FC } from "hono/jsx";
import * as z from "zod";
import { newShare } from "../../../shared/api/shares.ts";
import { AppError } from "../../../shared/errors.ts";
import { DEFAULT_RENDER_OPTIONS, type Report } from "../../../shared/report/model.ts";
import { BACKENDS } from "../../../shared/run/backends.ts";
import { COHORT_KEYS, type CohortKey } from "../../../shared/run/cohort.ts";
import { METRICS } from "../../../shared/run/metrics.ts";
import { PERIOD_ALL, periodAt, periodsUpTo } from "../../../shared/run/periods.ts";
import { printable } from "../../../shared/run/text.ts";
import { once } from "../../../shared/summaries/fields.ts";
import type { SummaryKind } from "../../../shared/summaries/kind.ts";
import type { SummaryEntry } from "../../../shared/summaries/registry.ts";
import { createShare } from "../../service/new-share.ts";
import { revokeShare } from "../../service/shares.ts";
import { checked } from "../../service/validation.ts";
import type { HttpEnv } from "../http/app.ts";
import { tokenOf } from "../http/auth.ts";
import { FORM } from "../http/body.ts";
import { formBy, valuesOf } from "../http/form.ts";
import { wantsPage } from "../http/formats.ts";
import type { EmbedDeps } from "../routes/embed.ts";
import type { ReadDeps } from "../routes/read.ts";
import { Problem } from "./error-page.tsx";
import { type Page, pageResponse } from "./layout.tsx";
import { queryText } from "./links.ts";
import { SummaryBody } from "./summary.tsx";

// What the forms about shares do. Both lead back to the list.

const newForm = z.strictObject({
  kind: once(z.string().max(100)),
  /** The parameters of the kind's endpoint, as in its address. */
  query: once(z.string().max(8_000)).prefault(""),
  lasts: once(z.enum(["frozen", "live"])),
  title: once(z.string()).optional(),
});

const endForm = z.strictObject({ id: once(z.string().max(100)) });

/** POST /shares */
export const shareMade: Page<EmbedDeps> = async (c, deps) => {
  const { kind, query, lasts, title } = await formBy(c, newForm, FORM);
  const asked = { kind, query: valuesOf(new URLSearchParams(query)), frozen: lasts === "frozen", title };
  const { share } = await createShare(deps, tokenOf(c), checked(newShare(deps.summaries), asked, "bad_body"));
  c.set("note", `made a ${lasts} share of kind ${share.kind}`);
  return c.redirect("/shares", 303);
};

/** POST /shares/end */
export const shareEnded: Page<EmbedDeps> = async (c, deps) => {
  const { id } = await formBy(c, endForm, FORM);
  const { kind } = await revokeShare(deps, tokenOf(c), id);
  c.set("note", `ended a share of kind ${kind}`);
  return c.redirect("/shares", 303);
};

/** More boxes than these nobody reads; any value can still be asked for in the address. */
const MAX_VALUES = 60;

/** The attributes that hosts of a fleet have, for the boxes to tick. */
export async function cohortValues({ cells }: Pick<ReadDeps, "cells">, fleet: string): Promise<CohortValues> {
  const cohorts = await cells.cohorts(fleet, PERIOD_ALL);
  const valuesOf = (key: (typeof COHORT_KEYS)[number]) =>
    [...new Set(cohorts.flatMap((cohort) => cohort[key]?.normalize("NFC") ?? []))].sort().slice(0, MAX_VALUES);
  return {
    site: valuesOf("site"),
    hardware: valuesOf("hardware"),
    storage: valuesOf("storage"),
    xen_version: valuesOf("xen_version"),
  };
}

/** A form that makes a share of what the page shows; the page of shares then has its snippets. */
export const EmbedPanel: FC<{ kind: string; query: string }> = ({ kind, query }) => (
  <section class="embed" aria-labelledby="embed">
    <h2 id="embed">Embed</h2>
    <p>
      Makes a link to this summary, as a picture, a page or text, for a wiki, a mail or a README. Whoever has the link
      sees this summary and nothing else, until you end it.
    </p>
    <form method="post" action="/shares" class="row">
      <input type="hidden" name="kind" value={kind} />
      <input type="hidden" name="query" value={query.replace(/^\?/, "")} />
      <fieldset class="plain">
        <legend>Numbers</legend>
        <label>
          <input type="radio" name="lasts" value="frozen" checked /> frozen: those of now, for ever
        </label>
        <label>
          <input type="radio" name="lasts" value="live" /> live: those of whenever it is looked at
        </label>
      </fieldset>
      <div class="field grow">
        <label for="share-title">Title (optional)</label>
        <input id="share-title" name="title" maxlength={200} autocomplete="off" />
      </div>
      <button type="submit" class="primary">
        Make the link
      </button>
    </form>
  </section>
);

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
const COHORT_LABELS: Readonly<Record<CohortKey, string>> = {
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

/** What the form was sent with, so that nothing has to be typed twice. */
export interface UploadFields {
  readonly output: string;
  /** By key, as in the query of POST /v1/results. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The form of /upload. */
export const UploadForm: FC<{ fields: UploadFields }> = ({ fields: { output, parameters } }) => (
  <form method="post" action="/upload" class="fields upload">
    <div class="field">
      <label for="output">What Bonnie++ printed</label>
      <textarea
        id="output"
        name="output"
        rows={10}
        required
        spellcheck={false}
        autocapitalize="off"
        aria-describedby="output-help"
      >
        {`\n${output}`}
      </textarea>
      <p class="help" id="output-help">
        The CSV line, or all of its output: other text is told apart. Lines such as <code># backend: loop</code> hold
        for the results after them.
      </p>
    </div>
    <div class="row">
      <Choice
        label="Backend"
        name="backend"
        options={[
          { value: "", text: "as the text says" },
          ...BACKENDS.map((backend) => ({ value: backend, text: backend })),
        ]}
        value={parameters["backend"] ?? ""}
      />
      <Text label="Host (Dom0)" name="host" value={parameters["host"]} placeholder="the machine in the line" />
      <Text label="Finished" name="finished" value={parameters["finished"]} placeholder="now" />
    </div>
    {/* Facts that tell cohorts apart; every other one can be said in a line of the text. */}
    <details class="more" open={COHORT_KEYS.some((key) => parameters[key] !== undefined)}>
      <summary>About the host</summary>
      <div class="row">
        {COHORT_KEYS.map((key) => (
          <Text label={COHORT_LABELS[key]} name={key} value={parameters[key]} placeholder="" />
        ))}
      </div>
    </details>
    <button type="submit" class="primary">
      Upload
    </button>
  </form>
);

const Text: FC<{ label: string; name: string; value: string | undefined; placeholder: string }> = (props) => (
  <Field label={props.label} name={props.name}>
    <input
      id={props.name}
      name={props.name}
      value={props.value ?? ""}
      placeholder={props.placeholder}
      maxlength={255}
      autocomplete="off"
      spellcheck={false}
    />
  </Field>
);

// What the pages with a summary have in common: a form with the question, and below it the answer. A question that is none
// stands in its form as it was sent, with what is wrong with it.

interface QuestionPage {
  readonly asked: Asked;
  readonly form: Child;
  readonly entry: SummaryEntry;
  /** Throws `bad_parameter` for a question that is none. */
  readonly answer: () => Promise<Answer>;
  /** Without an answer: in the tab, and above what is wrong. */
  readonly unanswered: { readonly title: string; readonly problem: string };
}

interface Answer {
  readonly kind: SummaryKind;
  readonly result: unknown;
  /** The report as the page shows it, when it shows some of it otherwise. */
  readonly report?: Report;
  /** What the page adds to it. */
  readonly children?: Child;
}

/** The page of a question: 200 with its answer, or to a browser 400. Throws what `answer` throws. */
export async function questionPage(c: Context<HttpEnv>, page: QuestionPage): Promise<Response> {
  const { asked, form, entry, answer, unanswered } = page;
  try {
    const shown = await answer();
    const body = <SummaryBody entry={entry} query={queryText(asked)} {...shown} />;
    return framed(c, { title: shown.kind.report(shown.result, DEFAULT_RENDER_OPTIONS).title }, form, body);
  } catch (error) {
    if (!(error instanceof AppError && error.code === "bad_parameter" && wantsPage(c))) throw error;
    const { title, problem } = unanswered;
    return framed(c, { title, status: 400 }, form, <Problem title={problem} error={error} />);
  }
}

function framed(c: Context<HttpEnv>, props: Parameters<typeof pageResponse>[1], form: Child, body: Child): Response {
  return pageResponse(
    c,
    props,
    <>
      {form}
      {body}
    </>,
  );
}

// The form above a summary: a question in, the same page with its answer out, by GET, so that every answer has an address.

/** Fields in a row, and the button that asks. */
export const Question: FC<{ action: string; label: string; children: Child; more?: Child }> = ({
  action,
  label,
  children,
  more,
}) => (
  <form method="get" action={action} class="question" aria-label={label}>
    <div class="row">
      {children}
      <button type="submit" class="primary">
        Show
      </button>
    </div>
    {more}
  </form>
);
