// The overview of a fleet in which nothing can be compared yet: what to do next, in commands that work as they are.

import type { Context } from "hono";
import type { FC } from "hono/jsx";
import type { HttpEnv } from "../http/app.ts";
import { tokenOf } from "../http/auth.ts";
import { originOf } from "../routes/share-links.ts";
import type { PageDeps } from "./app.ts";
import { pageResponse } from "./layout.tsx";

/** The page in place of a comparison: why there is none yet, and the commands that lead to one. */
export async function gettingStarted(c: Context<HttpEnv>, deps: PageDeps): Promise<Response> {
  const { fleet } = tokenOf(c);
  const [page, pending] = await Promise.all([deps.hosts.list(fleet, 1), deps.pendingHosts.count(fleet)]);
  const origin = originOf(c, deps.publicUrl);
  const [title, lead] =
    page.items.length === 0
      ? pending === 0
        ? ["No results yet", "Send the first one: run Bonnie++ on a host, and post what it prints."]
        : [
            "Results are being counted",
            "They have arrived and are kept. In a moment they are in the numbers: ask again.",
          ]
      : [
          "Nothing to compare yet",
          "There are results, but no host has measured two backends. Only the same host on both tells a backend from a host.",
        ];
  return pageResponse(
    c,
    { title, copies: true },
    <div class="sheet">
      <h1>{title}</h1>
      <p class="lead">{lead}</p>
      <Steps origin={origin} />
      <p>
        <a class="button" href="/upload">
          Or paste a result here
        </a>{" "}
        {page.items.length > 0 && <a href="/hosts">See what there is</a>}
      </p>
    </div>,
  );
}

const Steps: FC<{ origin: string }> = ({ origin }) => (
  <ol class="steps">
    <li>
      <h2>Measure in a guest on one backend, and post it from Dom0</h2>
      <pre data-copy="the first command">{command(origin, "loop")}</pre>
    </li>
    <li>
      <h2>Move the guest's disk to the other backend, and measure again</h2>
      <pre data-copy="the second command">{command(origin, "blktap2")}</pre>
    </li>
    <li>
      <h2>Repeat on more hosts</h2>
      <p>
        One host says nothing about a fleet. Six to nine give the first verdicts; the <code>agent</code> does all of
        this from cron, and finds the backend out by itself.
      </p>
    </li>
  </ol>
);

/** `TOKEN` stands for a token of scope ingest: the one this browser has is not for a script. */
function command(origin: string, backend: string): string {
  return [
    "ssh vm101 bonnie++ -d /var/tmp -u nobody -q |",
    `  curl -sS --data-binary @- -H 'Authorization: Bearer TOKEN' \\`,
    `    '${origin}/v1/results?backend=${backend}&host='"$(hostname)"`,
  ].join("\n");
}
