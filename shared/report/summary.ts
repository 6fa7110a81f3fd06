// What a report or a chart is made of: the answer of one endpoint, and how somebody wants to see it.

import type { AllBackends } from "../compare/backends.ts";
import type { Comparison } from "../compare/comparison.ts";
import type { DatedMatrix, DatedTrend } from "../compare/dated.ts";
import type { HostEntry } from "../compare/host-entry.ts";
import type { HostProfile } from "../compare/host.ts";
import type { MetricName } from "../run/metrics.ts";
import type { Run } from "../run/run.ts";

/** A page of hosts, and where the next one begins; null on the last. */
export interface HostPage {
  readonly hosts: readonly HostEntry[];
  readonly cursor: string | null;
}

/** A run that is stored, but cannot be read; the host is null where that cannot be read either. */
export interface UnreadableEntry {
  readonly id: string;
  readonly host: string | null;
}

/** A page of runs, and where the next one begins; null on the last. */
export interface RunPage {
  readonly runs: readonly Run[];
  /** Runs of the page that cannot be read; absent where there are none. */
  readonly unreadable?: readonly UnreadableEntry[];
  readonly cursor: string | null;
  /** How many results were looked at for a page that ended before it was full; the next one may have more. */
  readonly looked_at?: number;
}

/** An answer of the service, told apart by the endpoint that gives it. */
export type Summary =
  | { readonly kind: "compare"; readonly answer: Comparison }
  | { readonly kind: "matrix"; readonly answer: DatedMatrix }
  | { readonly kind: "trend"; readonly answer: DatedTrend }
  | { readonly kind: "backends"; readonly answer: AllBackends }
  | { readonly kind: "hosts"; readonly answer: HostPage }
  | { readonly kind: "host"; readonly answer: HostProfile }
  | { readonly kind: "runs"; readonly answer: RunPage }
  | { readonly kind: "run"; readonly answer: Run };

/** Colours of a picture or page: `auto` follows the reader's system. */
export const THEMES = ["light", "dark", "auto"] as const;

export type Theme = (typeof THEMES)[number];

/** Widths of a picture in px. */
export const WIDTH = { least: 320, most: 1600, default: 720 } as const;

/** Widths in px in which a share is shown; other widths get the nearest, the smaller of two. */
export const SHARE_WIDTHS = [320, 480, 600, 720, 800, 960, 1200, 1600] as const;

/** How a summary is shown. It never changes a number. */
export interface Look {
  /** Of a picture, in px: `WIDTH.least` to `WIDTH.most`. */
  readonly width: number;
  readonly theme: Theme;
  /** The metrics to show; empty for all. */
  readonly metrics: readonly MetricName[];
  /** Instead of the summary's own title; text from outside. */
  readonly title: string | null;
}

/** How a summary is shown when nobody says otherwise. */
export const DEFAULT_LOOK: Look = { width: WIDTH.default, theme: "auto", metrics: [], title: null };
