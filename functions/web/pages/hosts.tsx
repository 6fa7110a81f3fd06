// GET /hosts: the hosts of the fleet, one page at a time, and a form that finds hosts by a part of their name. GET /hosts/{host}: one host
// with its rates, its comparisons of backends, and its rank in the fleet.

import type { Context } from "hono";
import * as z from "zod";
import { DEFAULT_RENDER_OPTIONS, type Report } from "../../../shared/report/model.ts";
import { formatCount, formatNumber } from "../../../shared/run/format.ts";
import { quoted } from "../../../shared/run/text.ts";
import { single } from "../../../shared/summaries/fields.ts";
import { host as hostKind, storedHostName } from "../../../shared/summaries/host.ts";
import { type HostPage, hosts as hostsKind } from "../../../shared/summaries/hosts.ts";
import type { FleetSource } from "../../../shared/summaries/kind.ts";
import { findEntry } from "../../../shared/summaries/registry.ts";
import { fleetSource } from "../../service/summary-source.ts";
import type { HttpEnv } from "../http/app.ts";
import { currentToken } from "../http/auth.ts";
import { parsePageQuery } from "../http/form.ts";
import type { PageDeps } from "./app.ts";
import { Field, QueryForm } from "./forms.tsx";
import { NextPage, type Page, pageResponse } from "./layout.tsx";
import { buildQueryString, targetPath } from "./links.ts";
import { SummaryBody } from "./summary.tsx";

const MAX_HOST_LENGTH = 255;

const hostsPageQuery = hostsKind.query.extend({ host: single(z.string().max(MAX_HOST_LENGTH)).optional() });

/** GET /hosts; with `host` a redirect to that host, or the hosts whose names contain it. */
export const hosts: Page<PageDeps> = async (c, deps) => {
  const { host, ...parameters } = parsePageQuery(c, hostsPageQuery);
  const source = fleetSource(deps, currentToken(c), c.get("logError"));
  const searched = host?.trim() ?? "";
  if (searched !== "") {
    const found = await findHosts(source, searched);
    if (typeof found === "string") return c.redirect(targetPath({ kind: "host", id: found }), 303);
    const status = found.page.hosts.length === 0 ? 404 : 200;
    const report = { ...hostsKind.report(found.page, DEFAULT_RENDER_OPTIONS), lead: searchText(searched, found) };
    return listResponse(c, deps, { result: found.page, report, status, searched });
  }
  const { cursor } = parameters;
  const result = await hostsKind.compute(source, parameters);
  const report = hostsKind.report(result, DEFAULT_RENDER_OPTIONS);
  return listResponse(c, deps, { result, report, status: 200, searched, cursor });
};

/** What a page of hosts shows. */
interface HostList {
  readonly result: HostPage;
  readonly report: Report;
  readonly status: 200 | 404;
  /** What was searched for; empty for the list of all. */
  readonly searched: string;
  readonly cursor?: string | undefined;
}

function listResponse(c: Context<HttpEnv>, deps: PageDeps, list: HostList): Response {
  const { result, report, status, searched, cursor } = list;
  return pageResponse(
    c,
    { title: "Hosts", status },
    <>
      <QueryForm action="/hosts" label="Find a host" submit="Find">
        <Field label="Name, or a part of it" name="host">
          <input
            id="host"
            name="host"
            value={searched}
            required
            maxlength={MAX_HOST_LENGTH}
            autocomplete="off"
            spellcheck={false}
          />
        </Field>
      </QueryForm>
      <div class="list">
        <SummaryBody
          entry={findEntry(deps.summaries, "hosts")}
          kind={hostsKind}
          result={result}
          query={buildQueryString({ cursor })}
          report={report}
        >
          {result.hosts.length === 0 && cursor === undefined && (
            <p>{searched === "" ? <a href="/">Send your first result</a> : <a href="/hosts">All hosts</a>}</p>
          )}
        </SummaryBody>
      </div>
      <NextPage path="/hosts" parameters={{}} from={cursor} cursor={result.cursor} />
    </>,
  );
}

/** Hosts whose names are searched for a part, and hosts of one page of them. */
const MAX_SEARCHED = 1_000;
const PAGE = 100;

/** Hosts whose names contain a text; `isComplete` is false if the fleet has more hosts than were searched. */
interface FoundHosts {
  readonly page: HostPage;
  readonly isComplete: boolean;
}

/** The stored name of the one host that the text names or is a part of, in any case; else all hosts that contain it. */
async function findHosts(source: FleetSource, text: string): Promise<string | FoundHosts> {
  const name = await storedHostName(source, text);
  if ((await source.host(name)) !== null) return name;
  const wanted = text.normalize("NFC").toLowerCase();
  const hosts: HostPage["hosts"][number][] = [];
  let cursor: string | undefined;
  for (let searched = 0; searched < MAX_SEARCHED; searched += PAGE) {
    const page = await hostsKind.compute(source, { limit: PAGE, cursor });
    hosts.push(...page.hosts.filter(({ host }) => host.toLowerCase().includes(wanted)));
    cursor = page.cursor ?? undefined;
    if (cursor === undefined) break;
  }
  const [only] = hosts;
  const isComplete = cursor === undefined;
  if (only !== undefined && hosts.length === 1 && isComplete) return only.host;
  return { page: { hosts, cursor: null }, isComplete };
}

function searchText(searched: string, { page: { hosts }, isComplete }: FoundHosts): string {
  const where = isComplete
    ? ""
    : ` of the first ${formatNumber(MAX_SEARCHED)} hosts by name; type the whole name of any other`;
  return hosts.length === 0
    ? `No name contains ${quoted(searched)}, in upper or lower case${where === "" ? "" : `,${where}`}.`
    : `${formatCount(hosts.length, "host")} with ${quoted(searched)} in the name${where === "" ? "" : `,${where}`}.`;
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
