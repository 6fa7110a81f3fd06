// GET /shares: the shares of the fleet, with what to paste of each, and the end of it.

import type { FC } from "hono/jsx";
import { shareSnippets, shareUrls } from "../../../shared/render/links.ts";
import { formatInstant } from "../../../shared/report/format.ts";
import { WIDTH } from "../../../shared/report/model.ts";
import type { Share } from "../../../shared/run/share.ts";
import { printable } from "../../../shared/run/text.ts";
import type { Token } from "../../../shared/run/token.ts";
import { pageQuery } from "../../../shared/summaries/fields.ts";
import type { SummaryRegistry } from "../../../shared/summaries/registry.ts";
import { mayRevoke, sharedKind } from "../../service/shares.ts";
import { tokenOf } from "../http/auth.ts";
import { askedBy } from "../http/form.ts";
import type { EmbedDeps } from "../routes/embed.ts";
import { originOf } from "../routes/share-links.ts";
import { NextPage, type Page, pageResponse } from "./layout.tsx";

/** The title of a share in a list: its own, or the one that its query alone gives. */
export async function shareTitle(
  summaries: SummaryRegistry,
  { kind: name, query, title }: Pick<Share, "kind" | "query" | "title">,
): Promise<string> {
  if (title !== null) return title;
  const entry = sharedKind(summaries, { kind: name });
  const kind = await entry.load();
  const { data, success } = kind.query.safeParse(query);
  return success ? kind.title(data) : entry.title;
}

/** Shares on a page of the list. */
const SHOWN = 20;

export const shares: Page<EmbedDeps> = async (c, deps) => {
  const { cursor } = askedBy(c, pageQuery);
  const token = tokenOf(c);
  const origin = originOf(c, deps.publicUrl);
  const page = await deps.shares.list(token.fleet, SHOWN, cursor);
  const titles = await Promise.all(page.items.map((share) => shareTitle(deps.summaries, share)));
  return pageResponse(
    c,
    { title: "Shares", copies: true },
    <>
      <div class="sheet">
        <h1>Shares</h1>
        <p class="lead">
          {page.items.length === 0
            ? "Nothing is shared. Make a link with “Embed”, below a comparison, the matrix or a trend."
            : "Whoever has one of these links sees that summary and nothing else, without a token, until it is ended."}
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
      <NextPage path="/shares" parameters={{}} cursor={page.cursor} />
    </>,
  );
};

/** A share: what it is, how it looks, what to paste, and its end for those who may. */
const ShareEntry: FC<{
  share: Share;
  /** May hold characters that are not printable. */
  title: string;
  summaries: SummaryRegistry;
  origin: string;
  token: Token;
  isOpen: boolean;
}> = (props) => {
  const { share, summaries, origin, token, isOpen } = props;
  const { id, kind, frozen, query, created_at: at, created_by: maker } = share;
  const title = printable(props.title);
  const urls = shareUrls(origin, id, sharedKind(summaries, share));
  const snippets = shareSnippets(urls, props.title);
  return (
    <article class="share" aria-labelledby={`title-${id}`}>
      <h2 id={`title-${id}`}>{title}</h2>
      <p class="about">
        <span class="tag">{frozen ? "frozen" : "live"}</span> {kind}
        {questionText(query)} · made {formatInstant(at)}
        {maker.label !== null && ` by ${printable(maker.label)}`}
      </p>
      <details open={isOpen}>
        <summary>
          Picture and snippets<span class="unseen"> of {title}</span>
        </summary>
        {/* From here, whatever the address for others is; a closed one is not loaded. */}
        {urls.svg !== null && <img src={`/s/${id}.svg`} alt={title} width={WIDTH.default} loading="lazy" />}
        {snippets.img !== null && <Snippet name="Picture (HTML)" text={snippets.img} />}
        <Snippet name="Markdown" text={snippets.markdown} />
        <Snippet name="Picture with a link (HTML)" text={snippets.html} />
        <Snippet name="Frame (HTML)" text={snippets.iframe} />
        <Snippet name="Shell" text={snippets.curl} />
        <p class="formats">
          Look at it as{" "}
          {Object.entries(urls).map(([format, url]) =>
            url === null ? null : (
              <>
                <a href={new URL(url).pathname}>{format === "badge" ? "badge" : format.toUpperCase()}</a>{" "}
              </>
            ),
          )}
        </p>
      </details>
      {mayRevoke(token, share) && (
        <form method="post" action="/shares/end">
          <input type="hidden" name="id" value={id} />
          <button type="submit" class="danger">
            End this share<span class="unseen"> {title}</span>
          </button>
        </form>
      )}
    </article>
  );
};

const questionText = (query: Share["query"]): string => {
  const parts = Object.entries(query).map(([name, values]) => `${name} ${values.join(" or ")}`);
  return parts.length === 0 ? "" : `: ${printable(parts.join(", "))}`;
};

/** Text to paste: a click selects all of it, and where there are scripts a button copies it. */
const Snippet: FC<{ name: string; text: string }> = ({ name, text }) => (
  <div class="snippet">
    <span>{name}</span>
    <code data-copy={name}>{text}</code>
  </div>
);
