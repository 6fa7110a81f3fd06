// GET /runs/{id}: one run: metrics, facts, why its reads are believed or not, and the line itself.

import type { Summary } from "../../shared/report/summary.ts";
import { tokenOf } from "../web/http/auth.ts";
import { idOf } from "../web/http/parameters.ts";
import { runAnswer } from "../read/run-answer.ts";
import type { PageDeps } from "./deps.ts";
import { linkOf, queryText } from "../web/pages/links.ts";
import { type Page, pageAnswer } from "../web/pages/layout.tsx";
import { SummaryBody } from "../web/pages/summary.tsx";

export const run: Page<PageDeps> = async (c, deps) => {
  const token = tokenOf(c);
  const answer = await runAnswer(deps, token, idOf(c, "run"));
  const summary: Summary = { kind: "run", answer };
  const { host } = answer;
  return pageAnswer(
    c,
    { title: `Run on ${host}` },
    <SummaryBody summary={summary} endpoint={`/v1/runs/${answer.id}`} query="">
      {token.scope !== "ingest" && (
        <p>
          <a href={linkOf({ kind: "host", id: host })}>Its host</a> ·{" "}
          <a href={`/runs${queryText({ host })}`}>All runs of its host</a>
        </p>
      )}
    </SummaryBody>,
  );
};
