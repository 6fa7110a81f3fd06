import type { CellStore, Clock, ShareStore, StatusStore, TokenStore } from "../../shared/ports.ts";
import type { Admission } from "../web/http/admission.ts";
import type { Renderer } from "../service/renderer.ts";

/** What the app is handed. */
export interface EmbedDeps {
  readonly shares: ShareStore;
  readonly cells: CellStore;
  readonly status: StatusStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  /** Draws for those who have a token. */
  readonly renderer: Renderer;
  /** Draws for those who have a link; may be the same one. */
  readonly linkRenderer: Renderer;
  /** Lets questions in. */
  readonly admission: Admission;
  /** Origin of links to the service, e.g. `https://vbdstat.example.org`; null: that of the request. */
  readonly publicUrl: string | null;
}
