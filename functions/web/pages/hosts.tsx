// GET /hosts: the hosts of the fleet, page by page, and the way to one of them by its name.

import * as z from "zod";
import { once } from "../../../shared/summaries/fields.ts";
import { host as hostKind } from "../../../shared/summaries/host.ts";
import { hosts as hostsKind } from "../../../shared/summaries/hosts.ts";
import { entryOf } from "../../../shared/summaries/registry.ts";
import { fleetSource } from "../../service/summary-source.ts";
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
  const result = await hostKind.compute(fleetSource(deps, tokenOf(c), c.get("logError")), {}, name);
  return pageResponse(
    c,
    { title: `Host ${name}` },
    <SummaryBody entry={entryOf(deps.summaries, "host")} kind={hostKind} result={result} name={name} query="">
      <p>
        <a href={`/runs${queryText({ host: name })}`}>All runs of this host</a>
      </p>
    </SummaryBody>,
  );
};

const query = hostsKind.query.extend({ host: once(z.string().max(255)).optional() });

export const hosts: Page<PageDeps> = async (c, deps) => {
  const { host, ...parameters } = askedBy(c, query);
  if (host !== undefined) return c.redirect(linkOf({ kind: "host", id: host.trim() }), 303);
  const { cursor } = parameters;
  const result = await hostsKind.compute(fleetSource(deps, tokenOf(c), c.get("logError")), parameters);
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
        <SummaryBody
          entry={entryOf(deps.summaries, "hosts")}
          kind={hostsKind}
          result={result}
          query={queryText({ cursor })}
        >
          {result.hosts.length === 0 && cursor === undefined && (
            <p>
              <a href="/">How to send the first result</a>
            </p>
          )}
        </SummaryBody>
      </div>
      <NextPage path="/hosts" parameters={{}} cursor={result.cursor} />
    </>,
  );
};
