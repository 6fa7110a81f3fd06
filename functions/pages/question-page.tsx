// What the pages with a summary have in common: a form with the question, and below it the answer. A question that is none
// stands in its form as it was sent, with what is wrong with it.

import type { Context } from "hono";
import type { Child } from "hono/jsx";
import { AppError } from "../../shared/errors.ts";
import type { Report } from "../../shared/report/model.ts";
import { reportOf } from "../../shared/summaries/registry.ts";
import { DEFAULT_LOOK, type Summary } from "../../shared/report/summary.ts";
import { wantsPage } from "../web/http/formats.ts";
import type { HttpEnv } from "../http/http-env.ts";
import type { Asked } from "../web/pages/forms.tsx";
import { queryText } from "../web/pages/links.ts";
import { pageAnswer } from "../web/pages/layout.tsx";
import { Problem } from "./problem.tsx";
import { SummaryBody } from "../web/pages/summary.tsx";

interface QuestionPage {
  readonly asked: Asked;
  readonly form: Child;
  /** The path of the endpoint that answers programs. */
  readonly endpoint: string;
  /** Throws `bad_parameter` for a question that is none. */
  readonly answer: () => Promise<Answer>;
  /** Without an answer: in the tab, and above what is wrong. */
  readonly unanswered: { readonly title: string; readonly problem: string };
}

interface Answer {
  readonly summary: Summary;
  /** The report as the page shows it, when it shows some of it otherwise. */
  readonly report?: Report;
  /** What the page adds to it. */
  readonly children?: Child;
}

/** The page of a question: 200 with its answer, or to a browser 400. Throws what `answer` throws. */
export async function questionPage(c: Context<HttpEnv>, page: QuestionPage): Promise<Response> {
  const { asked, form, endpoint, answer, unanswered } = page;
  try {
    const { summary, ...shown } = await answer();
    const body = <SummaryBody summary={summary} endpoint={endpoint} query={queryText(asked)} {...shown} />;
    return framed(c, { title: reportOf(summary, DEFAULT_LOOK).title }, form, body);
  } catch (error) {
    if (!(error instanceof AppError && error.code === "bad_parameter" && wantsPage(c))) throw error;
    const { title, problem } = unanswered;
    return framed(c, { title, status: 400 }, form, <Problem title={problem} error={error} />);
  }
}

function framed(c: Context<HttpEnv>, props: Parameters<typeof pageAnswer>[1], form: Child, body: Child): Response {
  return pageAnswer(
    c,
    props,
    <>
      {form}
      {body}
    </>,
  );
}
