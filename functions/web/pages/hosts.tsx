// GET /hosts: the hosts of the fleet, page by page, and the way to one of them by its name.

import * as z from "zod";
import { hostsQuery } from "../../../shared/api/parameters.ts";
import { once } from "../../../shared/api/request-fields.ts";
import { hostEntry } from "../../../shared/compare/host.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Summary } from "../../../shared/report/model.ts";
import { hostResult } from "../../service/queries.ts";
import { tokenOf } from "../http/auth.ts";
import { askedBy } from "../http/form.ts";
import type { PageDeps } from "./app.ts";
import { Field, Question } from "./forms.tsx";
import { NextPage, type Page, pageResponse } from "./layout.tsx";
import { linkOf, queryText } from "./links.ts";
import { SummaryBody } from "./summary.tsx";

// GET /hosts/{host}: one host, its values, and its place in the fleet.

export const host: Page<PageDeps> = async (c, deps) => {
  const name = c.req.param("host") ?? "";
  const profile = await hostResult(deps, tokenOf(c).fleet, name);
  if (profile === null) throw new AppError("not_found", `this fleet has no results of a host "${name.slice(0, 255)}"`);
  const summary: Summary = { kind: "host", answer: profile };
  return pageResponse(
    c,
    { title: `Host ${name}` },
    <SummaryBody summary={summary} endpoint={`/v1/hosts/${encodeURIComponent(name)}`} query="">
      <p>
        <a href={`/runs${queryText({ host: name })}`}>All runs of this host</a>
      </p>
    </SummaryBody>,
  );
};

const query = hostsQuery.pick({ limit: true, cursor: true }).extend({ host: once(z.string().max(255)).optional() });

export const hosts: Page<PageDeps> = async (c, deps) => {
  const { host, limit, cursor } = askedBy(c, query);
  if (host !== undefined) return c.redirect(linkOf({ kind: "host", id: host.trim() }), 303);
  const page = await deps.hosts.list(tokenOf(c).fleet, limit, cursor);
  const summary: Summary = { kind: "hosts", answer: { hosts: page.items.map(hostEntry), cursor: page.cursor } };
  return pageResponse(
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
