import type { Summary } from "../../shared/report/model.ts";
import type { Share, StoredDocument } from "../../shared/run/share.ts";
import type { Token } from "../../shared/run/token.ts";
import type { EmbedDeps } from "../web/routes/embed.ts";
import { firstDocuments } from "../web/routes/share-documents.ts";
import { makeShareId } from "./secret.ts";
import { summaryOf } from "./share-summaries.ts";

/** Stores new shares. */
export interface ShareWriter {
  /** Stores a share with its first documents: all of them or nothing. */
  add(share: Share, documents: readonly StoredDocument[]): Promise<void>;
}

/** What somebody wants to share. */
interface AskedShare extends Pick<Share, "kind" | "query" | "frozen"> {
  readonly title?: string | null | undefined;
}

/** Makes and stores the share that is asked for, of the token's fleet; gives what it shows now as well. Throws `bad_parameter`. */
export async function createShare(
  deps: EmbedDeps,
  { id: token_id, fleet, label }: Token,
  { kind, query, frozen, title = null }: AskedShare,
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
  // Of a live share as well: a question that cannot be answered must be refused now and to its author.
  const summary = await summaryOf(deps, share);
  await deps.shares.add(share, frozen ? await firstDocuments(deps, share, summary) : []);
  return { share, summary };
}
