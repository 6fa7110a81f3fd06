import type { FC } from "hono/jsx";
import type { ShareKind } from "../../shared/run/share.ts";

/** A form that makes a share of what the page shows; the page of shares then has its snippets. */
export const EmbedPanel: FC<{ kind: ShareKind; query: string }> = ({ kind, query }) => (
  <section class="embed" aria-labelledby="embed">
    <h2 id="embed">Embed</h2>
    <p>
      Makes a link to this summary, as a picture, a page or text, for a wiki, a mail or a README. Whoever has the link
      sees this summary and nothing else, until you end it.
    </p>
    <form method="post" action="/shares" class="row">
      <input type="hidden" name="kind" value={kind} />
      <input type="hidden" name="query" value={query.replace(/^\?/, "")} />
      <fieldset class="plain">
        <legend>Numbers</legend>
        <label>
          <input type="radio" name="lasts" value="frozen" checked /> frozen: those of now, for ever
        </label>
        <label>
          <input type="radio" name="lasts" value="live" /> live: those of whenever it is looked at
        </label>
      </fieldset>
      <div class="field grow">
        <label for="share-title">Title (optional)</label>
        <input id="share-title" name="title" maxlength={200} autocomplete="off" />
      </div>
      <button type="submit" class="primary">
        Make the link
      </button>
    </form>
  </section>
);
