// The page of any kind of summary: the result for the parameters in its URL. Kinds whose pages have a form have a file of
// their own.

import type { Context } from "hono";
import type { SummaryEntry } from "../../../shared/summaries/registry.ts";
import { fleetSource } from "../../service/summary-source.ts";
import { checked } from "../../service/validation.ts";
import type { HttpEnv } from "../http/app.ts";
import { tokenOf } from "../http/auth.ts";
import { sentQuery } from "../http/form.ts";
import type { PageDeps } from "./app.ts";
import { questionPage } from "./forms.tsx";

/** GET of a page without a form. */
export async function summary(c: Context<HttpEnv>, deps: PageDeps, entry: SummaryEntry): Promise<Response> {
  const asked = sentQuery(c);
  return questionPage(c, {
    asked,
    form: null,
    entry,
    answer: async () => {
      const kind = await entry.load();
      const source = fleetSource(deps, tokenOf(c), c.get("logError"));
      return { kind, result: await kind.compute(source, checked(kind.query, asked, "bad_parameter")) };
    },
    unanswered: { title: entry.title, problem: "This cannot be shown" },
  });
}
