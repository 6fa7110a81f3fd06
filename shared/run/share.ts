// Shares: a share is a public link to one summary; anyone with the link can view it (docs/api.md#share).

/** A share as it is stored. */
export interface Share {
  /** 128 random bits as 32 hexadecimal digits: anyone who knows it can view the summary. */
  readonly id: string;
  readonly fleet: string;
  /** The name of a shareable kind in the registry of summaries. */
  readonly kind: string;
  /** The query of the kind's endpoint: a list of values for each parameter. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** True: it always shows the numbers of when it was created. False: it shows current numbers. */
  readonly frozen: boolean;
  readonly title: string | null;
  /** The token that created it, by its id, and that token's label. */
  readonly created_by: { readonly token_id: string; readonly label: string | null };
  readonly created_at: string;
}

/** The format of share ids. */
export const SHARE_ID = /^[0-9a-f]{32}$/;

/** A document of a frozen share: its bytes under a name, such as `png`. */
export interface StoredDocument {
  readonly name: string;
  readonly bytes: Uint8Array;
}
