// Shares: a share is a public link to one summary; anyone with the link can view it (docs/api.md#share).

/** What can be shared: the summaries of a fleet. */
export const SHARE_KINDS = ["compare", "matrix", "trend", "backends"] as const;

export type ShareKind = (typeof SHARE_KINDS)[number];

/** A share as it is stored. */
export interface Share {
  /** 128 random bits as 32 hexadecimal digits: anyone who knows it can view the summary. */
  readonly id: string;
  readonly fleet: string;
  readonly kind: ShareKind;
  /** The query of the kind's endpoint, as a list of values for each parameter. */
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
