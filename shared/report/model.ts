// The model of reports: an answer for people, without markup. A report is a title, sentences, facts and tables as plain text,
// the same for every format; shared/render writes it as text, Markdown or HTML. All texts may hold text from outside, so
// a renderer escapes every one of them. Programs get `Records` instead.

import type { MetricName } from "../run/metrics.ts";

/** A run that is stored, but cannot be read; the host is null where that cannot be read either. */
export interface UnreadableEntry {
  readonly id: string;
  readonly host: string | null;
}

/** Colors of an image or page: `auto` follows the reader's system. */
export const THEMES = ["light", "dark", "auto"] as const;

export type Theme = (typeof THEMES)[number];

/** Widths of an image in px. */
export const WIDTH = { least: 320, most: 1600, default: 720 } as const;

/** Widths in px in which a share is shown. Another width gets the nearest of them, and the smaller of two at the same distance. */
export const SHARE_WIDTHS = [320, 480, 600, 720, 800, 960, 1200, 1600] as const;

/** How a summary is shown. It never changes a number. */
export interface RenderOptions {
  /** Of an image, in px: `WIDTH.least` to `WIDTH.most`. */
  readonly width: number;
  readonly theme: Theme;
  /** The metrics to show; empty for all. */
  readonly metrics: readonly MetricName[];
  /** Replaces the summary's own title; text from outside. */
  readonly title: string | null;
}

/** The options of a request without any. */
export const DEFAULT_RENDER_OPTIONS: RenderOptions = { width: WIDTH.default, theme: "auto", metrics: [], title: null };

/** The color of a cell; its text always says the same in words. */
export type Tone = "plain" | "better" | "worse" | "equal" | "unclear" | "incomparable";

/** The host or run that a cell names, for pages that link to it. */
export interface Target {
  readonly kind: "host" | "run";
  /** The name of the host, the id of the run. */
  readonly id: string;
}

export interface Cell {
  readonly text: string;
  readonly tone: Tone;
  readonly target: Target | null;
}

export interface Column {
  /** Stable, for programs and style sheets; unique in its table. */
  readonly key: string;
  readonly head: string;
  /** Numbers are on the right. */
  readonly side: "left" | "right";
}

/** A table; the first cell of a row names it. */
export interface Table {
  /** What the table shows, for readers who see it without its report. */
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A sentence with a label, such as a flag or a metric. */
export interface LabeledText {
  readonly label: string;
  readonly text: string;
  /** Whether it prevents a wrong conclusion. */
  readonly isWarning: boolean;
}

export interface Section {
  readonly heading: string;
  readonly table: Table | null;
  readonly texts: readonly LabeledText[];
  /** Text that is shown verbatim, such as a line of Bonnie++; null for none. */
  readonly verbatim: string | null;
}

/** A fact about the whole report, e.g. `period`: `2026-Q4`. */
export interface Fact {
  readonly label: string;
  readonly text: string;
}

export interface Report {
  readonly title: string;
  /** The finding, in a sentence or two. */
  readonly lead: string;
  /** How to read the numbers; null where they need no help. */
  readonly guide: string | null;
  readonly facts: readonly Fact[];
  /** Notices about all numbers. */
  readonly notices: readonly LabeledText[];
  readonly sections: readonly Section[];
  /** Where the next page begins; null when this is all. */
  readonly cursor: string | null;
}

/** A cell of plain text. */
export function cell(text: string, tone: Tone = "plain"): Cell {
  return { text, tone, target: null };
}

/** A cell that names a host or a run. */
export function named(text: string, kind: Target["kind"], id: string): Cell {
  return { text, tone: "plain", target: { kind, id } };
}

/** A column; its key is made from its head unless given. `<` aligns it left, `>` right. */
export function column(side: "<" | ">", head: string, key = head.replaceAll(/[^a-z0-9]+/gi, "_")): Column {
  return { key, head, side: side === ">" ? "right" : "left" };
}

/** A section with any of a table, labeled texts and verbatim text. */
export function section(heading: string, parts: Partial<Omit<Section, "heading">>): Section {
  return { heading, table: null, texts: [], verbatim: null, ...parts };
}

/** A text that informs. */
export function labeled(label: string, text: string): LabeledText {
  return { label, text, isWarning: false };
}

/** A text that warns. */
export function warning(label: string, text: string): LabeledText {
  return { label, text, isWarning: true };
}
