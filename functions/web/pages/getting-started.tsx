// The overview of a fleet without any pair of backends to compare: why there is none yet, and the commands that lead to one.

import type { Context } from "hono";
import type { FC } from "hono/jsx";
import type { HttpEnv } from "../http/app.ts";
import { tokenOf } from "../http/auth.ts";
import { originOf } from "../http/origin.ts";
import type { PageDeps } from "./app.ts";
import { pageResponse } from "./layout.tsx";

/** The page in place of a comparison: 200, with the next steps. */
export async function gettingStarted(c: Context<HttpEnv>, deps: PageDeps): Promise<Response> {
  const { fleet } = tokenOf(c);
  const [page, pending] = await Promise.all([deps.hosts.list(fleet, 1), deps.pendingHosts.count(fleet)]);
  const hasHosts = page.items.length > 0;
  const { title, lead } = STATES[hasHosts ? "noPair" : pending === 0 ? "noResults" : "pending"];
  return pageResponse(
    c,
    { title, copies: true },
    <div class="sheet">
      <h1>{title}</h1>
      <p class="lead">{lead}</p>
      <Steps origin={originOf(c, deps.publicUrl)} />
      <p>
        <a class="button" href="/upload">
          Paste a result instead
        </a>{" "}
        {hasHosts && <a href="/hosts">View available results</a>}
      </p>
    </div>,
  );
}

const STATES = {
  noResults: { title: "No results yet", lead: "Run Bonnie++ on a host and upload its output." },
  pending: {
    title: "Results are being processed",
    lead: "Your results were received and are being processed. Reload in a moment.",
  },
  noPair: {
    title: "Nothing to compare yet",
    lead: "There are results, but no host has been measured on two backends. A comparison needs at least one host measured on both backends.",
  },
} as const;

const Steps: FC<{ origin: string }> = ({ origin }) => (
  <ol class="steps">
    <li>
      <h2>Measure a guest on one backend, and upload the result from Dom0</h2>
      <pre data-copy="the first command">{buildCommand(origin, "loop")}</pre>
    </li>
    <li>
      <h2>Move the guest's disk to the other backend, and measure again</h2>
      <pre data-copy="the second command">{buildCommand(origin, "blktap2")}</pre>
    </li>
    <li>
      <h2>Repeat on more hosts</h2>
      <p>
        One host says nothing about a fleet: the first verdicts need 6 to 9 hosts. The <code>agent</code> detects the
        backend and uploads the results for you.
      </p>
    </li>
  </ol>
);

/** `TOKEN` is a placeholder for a token of scope ingest: the token of this browser does not belong in a script. */
function buildCommand(origin: string, backend: string): string {
  return [
    "ssh vm101 bonnie++ -d /var/tmp -u nobody -q |",
    `  curl -sS --data-binary @- -H 'Authorization: Bearer TOKEN' \\`,
    `    '${origin}/v1/results?backend=${backend}&host='"$(hostname)"`,
  ].join("\n");
}
