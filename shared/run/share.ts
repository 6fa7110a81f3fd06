// Shares: one summary that whoever has its link may see (docs/api.md#share).

/** A share as it is stored. */
export interface Share {
  /** 128 bits of chance as 32 hexadecimal digits: who knows it sees the summary. */
  readonly id: string;
  readonly fleet: string;
  /** The name of a shareable kind in the registry of summaries. */
  readonly kind: string;
  /** The query of the kind's endpoint: a list of values for each parameter. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** Whether it shows the numbers of the moment it was made for ever; else those of the moment it is looked at. */
  readonly frozen: boolean;
  readonly title: string | null;
  /** The token that made it, by its id, and that token's label. */
  readonly created_by: { readonly token_id: string; readonly label: string | null };
  readonly created_at: string;
}

/** What ids of shares look like. */
export const SHARE_ID = /^[0-9a-f]{32}$/;
