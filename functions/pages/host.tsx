// GET /hosts/{host}: one host, its values, and its place in the fleet.

import { AppError } from "../../shared/errors.ts";
import type { Summary } from "../../shared/report/summary.ts";
import { tokenOf } from "../web/http/auth.ts";
import { hostAnswer } from "../read/host-answer.ts";
import type { PageDeps } from "./deps.ts";
import { queryText } from "../web/pages/links.ts";
import { type Page, pageAnswer } from "../web/pages/layout.tsx";
import { SummaryBody } from "../web/pages/summary.tsx";

export const host: Page<PageDeps> = async (c, deps) => {
  const name = c.req.param("host") ?? "";
  const profile = await hostAnswer(deps, tokenOf(c).fleet, name);
  if (profile === null) throw new AppError("not_found", `this fleet has no results of a host "${name.slice(0, 255)}"`);
  const summary: Summary = { kind: "host", answer: profile };
  return pageAnswer(
    c,
    { title: `Host ${name}` },
    <SummaryBody summary={summary} endpoint={`/v1/hosts/${encodeURIComponent(name)}`} query="">
      <p>
        <a href={`/runs${queryText({ host: name })}`}>All runs of this host</a>
      </p>
    </SummaryBody>,
  );
};
