// A new share: it is computed once, and of a frozen one the first documents are rendered and stored with it.

import { DEFAULT_RENDER_OPTIONS } from "../../shared/report/model.ts";
import type { Share, StoredDocument } from "../../shared/run/share.ts";
import type { Token } from "../../shared/run/token.ts";
import type { Summary } from "../../shared/summaries/kind.ts";
import { type CurrentSummaryDeps, currentSummary } from "./current-summary.ts";
import type { Renderer } from "./renderer.ts";
import { makeShareId } from "./secret.ts";
import { documentName, shareDocument, sharedKind } from "./shares.ts";

/** Stores new shares. */
export interface ShareWriter {
  /** Stores a share with its first documents: all of them or nothing. */
  add(share: Share, documents: readonly StoredDocument[]): Promise<void>;
}

interface ShareCreation extends CurrentSummaryDeps {
  readonly shares: ShareWriter;
  readonly renderer: Pick<Renderer, "document">;
  readonly publicUrl: string | null;
}

/** What to share. */
interface NewShare extends Pick<Share, "kind" | "query" | "frozen"> {
  readonly title?: string | null | undefined;
}

/** Creates and stores a share of the token's fleet; returns what it shows now as well. Throws `bad_parameter`, `slow_down`. */
export async function createShare(
  deps: ShareCreation,
  { id: token_id, fleet, label }: Token,
  { kind, query, frozen, title = null }: NewShare,
): Promise<{ readonly share: Share; readonly summary: Summary }> {
  const share: Share = {
    id: makeShareId(),
    fleet,
    kind,
    query,
    frozen,
    title,
    created_by: { token_id, label },
    created_at: new Date(deps.clock()).toISOString(),
  };
  // Of a live share as well: a query that cannot be answered must be rejected now, for its author to see.
  const summary = await currentSummary(deps, share);
  await deps.shares.add(share, frozen ? await firstDocuments(deps, share, summary) : []);
  return { share, summary };
}

/** The documents that a frozen share begins with; the first is the result itself, from which all later ones are made. */
async function firstDocuments(deps: ShareCreation, share: Share, summary: Summary): Promise<StoredDocument[]> {
  const options = { ...DEFAULT_RENDER_OPTIONS, title: share.title };
  const documents: StoredDocument[] = [];
  // One after the other: a new share takes one place in the queue of the renderer.
  for (const format of sharedKind(deps.summaries, share).formats) {
    const bytes = await shareDocument(deps.renderer, deps.publicUrl, share, { format, summary, options });
    documents.push({ name: documentName(format, options), bytes });
  }
  return documents;
}
