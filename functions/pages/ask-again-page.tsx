import type { Context } from "hono";
import type { HttpEnv } from "../http/http-env.ts";
import { pageAnswer } from "../web/pages/layout.tsx";

/** A page that asks for an address of ours again at once. */
export function askAgainPage(c: Context<HttpEnv>, address: string): Response {
  return pageAnswer(
    c,
    { title: "One moment", head: <meta http-equiv="refresh" content={`0; url=${address}`} /> },
    <div class="sheet">
      <h1>One moment</h1>
      <p>
        <a href={address}>Go on to the page</a>
      </p>
    </div>,
  );
}
