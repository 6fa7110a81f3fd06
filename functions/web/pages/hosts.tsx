// GET /hosts: the hosts of the fleet, one page at a time, and a form that finds some of them. GET /hosts/{host}: one host
// with its rates, its comparisons of backends, and its rank in the fleet.

import * as z from "zod";
import { single } from "../../../shared/summaries/fields.ts";
import { host as hostKind } from "../../../shared/summaries/host.ts";
import { hosts as hostsKind } from "../../../shared/summaries/hosts.ts";
import { findEntry } from "../../../shared/summaries/registry.ts";
import { fleetSource } from "../../service/summary-source.ts";
import { currentToken } from "../http/auth.ts";
import { parsePageQuery } from "../http/form.ts";
import type { PageDeps } from "./app.ts";
import { Choice, Field, QueryForm } from "./forms.tsx";
import { NextPage, type Page, pageResponse } from "./layout.tsx";
import { buildQueryString, targetPath } from "./links.ts";
import { SummaryBody } from "./summary.tsx";

const MAX_HOST_LENGTH = 255;

const hostsPageQuery = hostsKind.query.extend({ host: single(z.string().max(MAX_HOST_LENGTH)).optional() });

const SILENCES = [
  { value: "", text: "any time" },
  { value: "7d", text: "more than 7 days ago" },
  { value: "35d", text: "more than 35 days ago" },
  { value: "90d", text: "more than 90 days ago" },
];

const ORDERS = [
  { value: "name", text: "name" },
  { value: "last_at", text: "last seen, longest ago first" },
  { value: "runs", text: "most runs first" },
];

/** GET /hosts; with `host` a redirect to that host. */
export const hosts: Page<PageDeps> = async (c, deps) => {
  const { host, ...parameters } = parsePageQuery(c, hostsPageQuery);
  if (host !== undefined) return c.redirect(targetPath({ kind: "host", id: host.trim() }), 303);
  const { q, silent_since: since, order, site, hardware, storage, xen_version } = parameters;
  const filters = { q, silent_since: since, order: order === "name" ? undefined : order };
  const shown = { ...filters, site, hardware, storage, xen_version };
  const result = await hostsKind.compute(fleetSource(deps, currentToken(c), c.get("logError")), parameters);
  return pageResponse(
    c,
    { title: "Hosts" },
    <>
      <QueryForm action="/hosts" label="Find hosts" submit="Find">
        <Field label="Part of the name" name="q">
          <input
            id="q"
            name="q"
            type="search"
            value={q ?? ""}
            maxlength={MAX_HOST_LENGTH}
            autocomplete="off"
            spellcheck={false}
          />
        </Field>
        <Choice label="Last seen" name="silent_since" options={SILENCES} value={since ?? ""} />
        <Choice label="Order" name="order" options={ORDERS} value={order} />
      </QueryForm>
      <div class="list">
        <SummaryBody
          entry={findEntry(deps.summaries, "hosts")}
          kind={hostsKind}
          result={result}
          query={buildQueryString({ ...shown, cursor: parameters.cursor })}
        >
          {result.hosts.length === 0 &&
            Object.values({ ...shown, cursor: parameters.cursor }).every((value) => value === undefined) && (
              <p>
                <a href="/">Send your first result</a>
              </p>
            )}
        </SummaryBody>
      </div>
      <NextPage path="/hosts" parameters={shown} cursor={result.cursor} />
    </>,
  );
};

/** GET /hosts/{host} */
export const host: Page<PageDeps> = async (c, deps) => {
  const name = c.req.param("host") ?? "";
  const result = await hostKind.compute(fleetSource(deps, currentToken(c), c.get("logError")), {}, name);
  return pageResponse(
    c,
    { title: `Host ${name}` },
    <SummaryBody entry={findEntry(deps.summaries, "host")} kind={hostKind} result={result} name={name} query="">
      <p>
        <a href={`/runs${buildQueryString({ host: name })}`}>All runs from this host</a>
      </p>
    </SummaryBody>,
  );
};
