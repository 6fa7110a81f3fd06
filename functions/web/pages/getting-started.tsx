// The overview of a fleet without any pair of backends to compare: why there is none yet, and the commands that lead to one.

import type { Context } from "hono";
import type { FC } from "hono/jsx";
import type { HttpEnv } from "../http/app.ts";
import { currentToken } from "../http/auth.ts";
import { findOrigin } from "../http/origin.ts";
import type { PageDeps } from "./app.ts";
import { pageResponse } from "./layout.tsx";

/** The page in place of a comparison: 200, with the next steps. */
export async function gettingStarted(c: Context<HttpEnv>, deps: PageDeps): Promise<Response> {
  const { fleet } = currentToken(c);
  const [page, pending] = await Promise.all([
    deps.hosts.list(fleet, { order: "name", filters: {}, limit: 1 }),
    deps.pendingHosts.count(fleet),
  ]);
  const hasHosts = page.items.length > 0;
  const { title, lead } = STATES[hasHosts ? "noPair" : pending === 0 ? "noResults" : "pending"];
  return pageResponse(
    c,
    { title, copies: true },
    <div class="sheet">
      <h1>{title}</h1>
      <p class="lead">{lead}</p>
      <Steps origin={findOrigin(c, deps.publicUrl)} />
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
      <h2>In Dom0, measure a guest on one backend and upload the result</h2>
      <pre data-copy="the first command">{buildCommand(origin, "loop")}</pre>
      <p>
        Replace <code>root@vm101</code> with the guest's SSH address, <code>/srv</code> with a directory on the measured
        disk, <code>loop</code> with the disk's backend, and <code>TOKEN</code> with a token of scope{" "}
        <code>ingest</code>. The file is deleted once the server has stored the result.
      </p>
    </li>
    <li>
      <h2>Move the guest's disk to the other backend, and measure again</h2>
      <pre data-copy="the second command">{buildCommand(origin, "qdisk")}</pre>
      <p>
        <a href="/docs#measuring">How to put one guest on two backends</a> has the commands for xl, xm, xapi and
        libvirt.
      </p>
    </li>
    <li>
      <h2>Repeat on more hosts</h2>
      <p>
        One host says nothing about a fleet: the first verdicts need 6 to 9 hosts. <code>vbdstat-agent run</code>{" "}
        measures with one command: it detects the backend, adds facts about the host, and keeps the result until the
        server has it. Its cron job <code>vbdstat-agent flush</code> only sends results that are waiting; to measure
        from cron as well, install <code>vbdstat-measure</code> from <code>agent/examples</code>. Neither moves a disk
        to another backend.
      </p>
    </li>
  </ol>
);

/**
 * Bonnie++ runs in the guest, and its host is the Dom0. The result passes through a file, because a pipe would hide that Bonnie++
 * failed, and lose the result when the server cannot be reached. `TOKEN` is a placeholder for a token of scope ingest: the token of
 * this browser does not belong in a script.
 */
function buildCommand(origin: string, backend: string): string {
  return [
    `f=vm101-${backend}-$(date +%s).csv`,
    `ssh root@vm101 bonnie++ -u nobody -d /srv -q >"$f" &&`,
    `  curl -fsS --retry 5 -H "Authorization: Bearer TOKEN" --data-binary "@$f" \\`,
    `    "${origin}/v1/results?backend=${backend}&host=$(uname -n)" &&`,
    `  rm "$f"`,
  ].join("\n");
}
