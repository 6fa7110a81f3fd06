// The summary of a share: computing what it shows now, and creating a share, which computes it once and stores the first documents
// of a frozen one. Loaded when it is first needed, because most requests are for stored documents.

import { DEFAULT_RENDER_OPTIONS } from "../../shared/report/model.ts";
import type { Share, StoredDocument } from "../../shared/run/share.ts";
import type { Token } from "../../shared/run/token.ts";
import type { Summary } from "../../shared/summaries/kind.ts";
import type { SummaryRegistry } from "../../shared/summaries/registry.ts";
import { type Admission, COST, charged, withTicket } from "./admission.ts";
import type { Renderer } from "./renderer.ts";
import { documentName, shareDocument, sharedKind } from "./shares.ts";
import { type CellStores, cellSource } from "./summary-source.ts";
import { makeShareId } from "./tokens.ts";
import { computeSummary } from "./validation.ts";

interface CurrentSummaryDeps extends CellStores {
  readonly admission: Admission;
  readonly summaries: SummaryRegistry;
}

/**
 * What a share shows now, of its own fleet; computed once for all who ask for it at the same time, in whatever rendering.
 * Throws `bad_parameter` for a query that its kind does not take, `slow_down` if too much is being computed.
 */
export function currentSummary(
  deps: CurrentSummaryDeps,
  { kind: name, query, fleet }: Pick<Share, "kind" | "query" | "fleet">,
): Promise<Summary> {
  const entry = sharedKind(deps.summaries, { kind: name });
  return deps.admission.once(JSON.stringify([fleet, name, query]), () =>
    withTicket(deps.admission, COST[entry.cost], async (ticket) => {
      const kind = await entry.load();
      return { kind: name, result: await computeSummary(kind, cellSource(charged(deps, ticket), fleet), query) };
    }),
  );
}

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
