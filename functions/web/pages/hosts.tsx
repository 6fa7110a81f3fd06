// GET /hosts: the hosts of the fleet, one page at a time, and a form that leads to a host by its name. GET /hosts/{host}: one host
// with its rates, its comparisons of backends, and its rank in the fleet.

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
import { Field, QueryForm } from "./forms.tsx";
import { NextPage, type Page, pageResponse } from "./layout.tsx";
import { buildQueryString, targetPath } from "./links.ts";
import { SummaryBody } from "./summary.tsx";

const MAX_HOST_LENGTH = 255;

const hostsPageQuery = hostsQuery
  .pick({ limit: true, cursor: true })
  .extend({ host: once(z.string().max(MAX_HOST_LENGTH)).optional() });

/** GET /hosts; with `host` a redirect to that host. */
export const hosts: Page<PageDeps> = async (c, deps) => {
  const { host, limit, cursor } = askedBy(c, hostsPageQuery);
  if (host !== undefined) return c.redirect(targetPath({ kind: "host", id: host.trim() }), 303);
  const page = await deps.hosts.list(tokenOf(c).fleet, limit, cursor);
  const summary: Summary = { kind: "hosts", answer: { hosts: page.items.map(hostEntry), cursor: page.cursor } };
  return pageResponse(
    c,
    { title: "Hosts" },
    <>
      <QueryForm action="/hosts" label="Find a host" submit="Find">
        <Field label="Host name" name="host">
          <input id="host" name="host" required maxlength={MAX_HOST_LENGTH} autocomplete="off" spellcheck={false} />
        </Field>
      </QueryForm>
      <div class="list">
        <SummaryBody summary={summary} endpoint="/v1/hosts" query={buildQueryString({ cursor })}>
          {page.items.length === 0 && cursor === undefined && (
            <p>
              <a href="/">Send your first result</a>
            </p>
          )}
        </SummaryBody>
      </div>
      <NextPage path="/hosts" parameters={{}} cursor={page.cursor} />
    </>,
  );
};

/** GET /hosts/{host} */
export const host: Page<PageDeps> = async (c, deps) => {
  const name = c.req.param("host") ?? "";
  const profile = await hostResult(deps, tokenOf(c).fleet, name);
  if (profile === null) {
    throw new AppError("not_found", `this fleet has no results of a host "${name.slice(0, MAX_HOST_LENGTH)}"`);
  }
  const summary: Summary = { kind: "host", answer: profile };
  return pageResponse(
    c,
    { title: `Host ${name}` },
    <SummaryBody summary={summary} endpoint={`/v1/hosts/${encodeURIComponent(name)}`} query="">
      <p>
        <a href={`/runs${buildQueryString({ host: name })}`}>All runs from this host</a>
      </p>
    </SummaryBody>,
  );
};
