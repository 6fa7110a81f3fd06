// GET /hosts: the hosts of the fleet, page by page, and the way to one of them by its name.

import * as z from "zod";
import { once } from "../../../shared/api/request-fields.ts";
import { hostsQuery } from "../../../shared/api/requests.ts";
import { hostEntry } from "../../../shared/compare/host-entry.ts";
import type { Summary } from "../../../shared/report/summary.ts";
import { tokenOf } from "../http/auth.ts";
import { askedBy } from "../http/form.ts";
import type { PageDeps } from "../../pages/deps.ts";
import { Field } from "./forms.tsx";
import { linkOf, queryText } from "./links.ts";
import { NextPage } from "../../pages/next-page.tsx";
import { type Page, pageAnswer } from "./layout.tsx";
import { Question } from "../../pages/question.tsx";
import { SummaryBody } from "./summary.tsx";

const query = hostsQuery.pick({ limit: true, cursor: true }).extend({ host: once(z.string().max(255)).optional() });

export const hosts: Page<PageDeps> = async (c, deps) => {
  const { host, limit, cursor } = askedBy(c, query);
  if (host !== undefined) return c.redirect(linkOf({ kind: "host", id: host.trim() }), 303);
  const page = await deps.hosts.list(tokenOf(c).fleet, limit, cursor);
  const summary: Summary = { kind: "hosts", answer: { hosts: page.items.map(hostEntry), cursor: page.cursor } };
  return pageAnswer(
    c,
    { title: "Hosts" },
    <>
      <Question action="/hosts" label="Find a host">
        <Field label="Name of a host" name="host">
          <input id="host" name="host" required maxlength={255} autocomplete="off" spellcheck={false} />
        </Field>
      </Question>
      <div class="list">
        <SummaryBody summary={summary} endpoint="/v1/hosts" query={queryText({ cursor })}>
          {page.items.length === 0 && cursor === undefined && (
            <p>
              <a href="/">How to send the first result</a>
            </p>
          )}
        </SummaryBody>
      </div>
      <NextPage path="/hosts" parameters={{}} cursor={page.cursor} />
    </>,
  );
};
