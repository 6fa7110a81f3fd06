// GET /hosts: the hosts of the fleet, one page at a time, and a form that finds some of them by a part of their name or by when
// they were last seen. GET /hosts/{host}: one host with its rates, its comparisons of backends, and its rank in the fleet.

import * as z from "zod";
import { DEFAULT_RENDER_OPTIONS } from "../../../shared/report/model.ts";
import { formatCount } from "../../../shared/run/format.ts";
import { quoted } from "../../../shared/run/text.ts";
import { single } from "../../../shared/summaries/fields.ts";
import { host as hostKind, storedHostName } from "../../../shared/summaries/host.ts";
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

/** GET /hosts; with `host` a redirect to that host, or the hosts whose names contain it. */
export const hosts: Page<PageDeps> = async (c, deps) => {
  const { host, ...parameters } = parsePageQuery(c, hostsPageQuery);
  const source = fleetSource(deps, currentToken(c), c.get("logError"));
  const searched = host?.trim() ?? "";
  if (searched !== "" && parameters.cursor === undefined) {
    const name = await storedHostName(source, searched);
    if ((await source.host(name)) !== null) return c.redirect(targetPath({ kind: "host", id: name }), 303);
  }
  const { q = searched === "" ? undefined : searched, silent_since: since, order, cursor } = parameters;
  const result = await hostsKind.compute(source, { ...parameters, q });
  const [only] = result.hosts;
  const isOnly = result.hosts.length === 1 && result.cursor === null && cursor === undefined;
  if (searched !== "" && isOnly && only !== undefined) {
    return c.redirect(targetPath({ kind: "host", id: only.host }), 303);
  }
  const { site, hardware, storage, xen_version } = parameters;
  const filters = {
    q,
    silent_since: since,
    order: order === "name" ? undefined : order,
    ...{ site, hardware, storage, xen_version },
  };
  const report = hostsKind.report(result, DEFAULT_RENDER_OPTIONS);
  const isEmpty = result.hosts.length === 0;
  const isFirst = Object.values({ ...filters, cursor }).every((value) => value === undefined);
  return pageResponse(
    c,
    { title: "Hosts", status: isEmpty && q !== undefined ? 404 : 200 },
    <>
      <QueryForm action="/hosts" label="Find a host" submit="Find">
        <Field label="Name, or a part of it" name="host">
          <input
            id="host"
            name="host"
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
          query={buildQueryString({ ...filters, cursor })}
          report={
            q === undefined ? report : { ...report, lead: searchText(q, result.hosts.length, result.cursor !== null) }
          }
        >
          {isEmpty && <p>{isFirst ? <a href="/">Send your first result</a> : <a href="/hosts">All hosts</a>}</p>}
        </SummaryBody>
      </div>
      <NextPage path="/hosts" parameters={filters} from={cursor} cursor={result.cursor} />
    </>,
  );
};

/** What a search by name has found. */
function searchText(searched: string, count: number, isFollowed: boolean): string {
  if (count === 0) return `No name contains ${quoted(searched)}, in upper or lower case.`;
  const found = `${formatCount(count, "host")} with ${quoted(searched)} in the name`;
  return isFollowed ? `${found} on this page; more follow on the next page.` : `${found}.`;
}

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
