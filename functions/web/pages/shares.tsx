// GET /shares: the shares of the fleet with their links and snippets to paste, and a button that revokes each. POST /shares and
// POST /shares/revoke are the forms that create and revoke a share; both lead back to the list.

import type { FC } from "hono/jsx";
import * as z from "zod";
import { newShare } from "../../../shared/api/shares.ts";
import { type ShareUrls, shareSnippets, shareUrls } from "../../../shared/render/links.ts";
import { formatInstant } from "../../../shared/report/format.ts";
import { WIDTH } from "../../../shared/report/model.ts";
import type { Share } from "../../../shared/run/share.ts";
import { printable } from "../../../shared/run/text.ts";
import type { Token } from "../../../shared/run/token.ts";
import { pageQuery, single } from "../../../shared/summaries/fields.ts";
import type { SummaryRegistry } from "../../../shared/summaries/registry.ts";
import { createShare } from "../../service/shared-summary.ts";
import { findSharedKind, mayRevoke, revokeShare } from "../../service/shares.ts";
import { validate } from "../../service/validation.ts";
import { currentToken } from "../http/auth.ts";
import { FORM } from "../http/body.ts";
import { groupByName, parsePageQuery, readForm } from "../http/form.ts";
import { findOrigin } from "../http/origin.ts";
import type { EmbedDeps } from "../routes/embed.ts";
import { NextPage, type Page, pageResponse } from "./layout.tsx";

/** Shares on a page of the list. */
const PAGE_SIZE = 20;

/** GET /shares */
export const shares: Page<EmbedDeps> = async (c, deps) => {
  const { cursor } = parsePageQuery(c, pageQuery);
  const token = currentToken(c);
  const origin = findOrigin(c, deps.publicUrl);
  const page = await deps.shares.list(token.fleet, PAGE_SIZE, cursor);
  const titles = await Promise.all(page.items.map((share) => shareTitle(deps.summaries, share)));
  return pageResponse(
    c,
    { title: "Shares", copies: true },
    <>
      <div class="sheet">
        <h1>Shares</h1>
        <p class="lead">
          {page.items.length === 0
            ? "Nothing is shared yet. Create a link with “Share”, below a comparison, the matrix or a trend."
            : "Anyone with one of these links can view its summary without a token, until the link is revoked."}
        </p>
        {page.items.map((share, index) => (
          <ShareEntry
            share={share}
            title={titles[index] ?? ""}
            summaries={deps.summaries}
            origin={origin}
            token={token}
            isOpen={index === 0 && cursor === undefined}
          />
        ))}
      </div>
      <NextPage path="/shares" parameters={{}} from={cursor} cursor={page.cursor} />
    </>,
  );
};

const ShareEntry: FC<{
  share: Share;
  /** May contain characters that are not printable. */
  title: string;
  summaries: SummaryRegistry;
  origin: string;
  token: Token;
  isOpen: boolean;
}> = (props) => {
  const { share, summaries, origin, token, isOpen } = props;
  const { id, kind, frozen, query, created_at: createdAt, created_by: creator } = share;
  const title = printable(props.title);
  const known = findSharedKind(summaries, share);
  return (
    <article class="share" aria-labelledby={`title-${id}`}>
      <h2 id={`title-${id}`}>{title}</h2>
      <p class="about">
        <span class="tag">{frozen ? "frozen" : "live"}</span> {known === null && "unknown kind "}
        {printable(kind)}
        {formatQuery(query)} · created {formatInstant(createdAt)}
        {creator.label !== null && ` by ${printable(creator.label)}`}
      </p>
      {known === null ? (
        <p class="help">This version of the service does not have this kind of summary, and its links show an error.</p>
      ) : (
        <ShareLinks share={share} title={props.title} urls={shareUrls(origin, id, known)} isOpen={isOpen} />
      )}
      {mayRevoke(token, share) && (
        <form method="post" action="/shares/revoke">
          <input type="hidden" name="id" value={id} />
          <button type="submit" class="danger">
            Revoke link<span class="unseen"> {title}</span>
          </button>
        </form>
      )}
    </article>
  );
};

/** The picture of a share, its snippets to paste, and its URLs. */
const ShareLinks: FC<{ share: Share; title: string; urls: ShareUrls; isOpen: boolean }> = ({
  share,
  urls,
  isOpen,
  ...props
}) => {
  const title = printable(props.title);
  const snippets = shareSnippets(urls, props.title);
  return (
    <details open={isOpen}>
      <summary>
        {" "}
        {urls.svg === null ? "Snippets" : "Image and snippets"}
        <span class="unseen"> of {title}</span>
      </summary>
      {/* By its path, so that it loads from this service whatever the public origin is; a closed entry loads nothing. */}
      {urls.svg !== null && <img src={`/s/${share.id}.svg`} alt={title} width={WIDTH.default} loading="lazy" />}
      {snippets.img !== null && <Snippet name="Image (HTML)" text={snippets.img} />}
      <Snippet name="Markdown" text={snippets.markdown} />
      <Snippet name={snippets.img === null ? "Link (HTML)" : "Linked image (HTML)"} text={snippets.html} />
      <Snippet name="iframe (HTML)" text={snippets.iframe} />
      <Snippet name="Shell" text={snippets.curl} />
      <p class="formats">
        Open as{" "}
        {Object.entries(urls).map(([format, url]) =>
          url === null ? null : (
            <>
              <a href={new URL(url).pathname}>{format === "badge" ? "badge" : format.toUpperCase()}</a>{" "}
            </>
          ),
        )}
      </p>
    </details>
  );
};

/** The title of a share in the list: its own, or the one that its query alone gives. */
export async function shareTitle(
  summaries: SummaryRegistry,
  { kind: name, query, title }: Pick<Share, "kind" | "query" | "title">,
): Promise<string> {
  if (title !== null) return title;
  const entry = findSharedKind(summaries, { kind: name });
  if (entry === null) return "Summary of an unknown kind";
  const kind = await entry.load();
  const { data, success } = kind.query.safeParse(query);
  return success ? kind.title(data) : entry.title;
}

function formatQuery(query: Share["query"]): string {
  const parts = Object.entries(query).map(([name, values]) => `${name} ${values.join(" or ")}`);
  return parts.length === 0 ? "" : `: ${printable(parts.join(", "))}`;
}

/** Text to paste: a click selects all of it, and with JavaScript a button copies it. */
const Snippet: FC<{ name: string; text: string }> = ({ name, text }) => (
  <div class="snippet">
    <span>{name}</span>
    <code data-copy={name}>{text}</code>
  </div>
);

const newShareForm = z.strictObject({
  kind: single(z.string().max(100)),
  /** The query string of the endpoint of this kind. */
  query: single(z.string().max(8_000)).prefault(""),
  lasts: single(z.enum(["frozen", "live"])),
  title: single(z.string()).optional(),
});

/** POST /shares: creates a share. Throws `bad_body`. */
export const postShare: Page<EmbedDeps> = async (c, deps) => {
  const { kind, query, lasts, title } = await readForm(c, newShareForm, FORM);
  const request = { kind, query: groupByName(new URLSearchParams(query)), frozen: lasts === "frozen", title };
  const { share } = await createShare(deps, currentToken(c), validate(newShare(deps.summaries), request, "bad_body"));
  c.set("note", `created a ${lasts} share of kind ${share.kind}`);
  return c.redirect("/shares", 303);
};

const revocationForm = z.strictObject({ id: single(z.string().max(100)) });

/** POST /shares/revoke: revokes a share. Throws `not_found`, and `forbidden` for a share of another token. */
export const postShareRevocation: Page<EmbedDeps> = async (c, deps) => {
  const { id } = await readForm(c, revocationForm, FORM);
  const { kind } = await revokeShare(deps, currentToken(c), id);
  c.set("note", `revoked a share of kind ${kind}`);
  return c.redirect("/shares", 303);
};
