import type { ReadDeps } from "../read/deps.ts";

/** What the pages that read are handed. */
export interface PageDeps extends ReadDeps {
  /** Origin of addresses to copy, e.g. `https://vbdstat.example.org`; null: that of the request. */
  readonly publicUrl: string | null;
}
