// Repeats: the runs of one host differ in little but their rates. What a line says again after the line before it is
// neither read nor stored again: it gets the same objects, which saves a quarter of the memory of a typical upload.

import type { BonnieSetup, Measurement } from "../model/measurement.ts";
import type { Layout } from "./layouts.ts";
import { type Fields, MAX_FIELDS } from "./fields.ts";

/** What earlier lines of the upload said last. */
export interface Repeats {
  /** The last setup, the layout of its line, and where in the upload the fields of that line are. */
  setup: BonnieSetup | null;
  layout: Layout | null;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The last censored measurement. */
  censored: Measurement;
}

/**
 * Stands for the last censored measurement where there is none: it is like no other. Being the first measurement made, with
 * a rate of null, it also keeps the engine from taking rates for numbers only, which it would box, 16 bytes each.
 */
const NONE_CENSORED: Measurement = { rate: null, cpu: null, latency_us: null, censored: false };

/** Nothing said yet. */
export function noRepeats(): Repeats {
  return {
    setup: null,
    layout: null,
    starts: new Int32Array(MAX_FIELDS + 1),
    ends: new Int32Array(MAX_FIELDS + 1),
    censored: NONE_CENSORED,
  };
}

/** Remembers the setup that was read from a line. */
export function rememberSetup(repeats: Repeats, fields: Fields, layout: Layout, setup: BonnieSetup): void {
  repeats.setup = setup;
  repeats.layout = layout;
  repeats.starts.set(fields.starts);
  repeats.ends.set(fields.ends);
}

/** The last setup where the line has the same one but for the seed: all fields that are part of it are the same text. */
export function repeatedSetup(repeats: Repeats, fields: Fields, layout: Layout): BonnieSetup | null {
  if (layout !== repeats.layout) return null;
  for (const index of layout.setup) if (!isSameText(repeats, fields, index)) return null;
  return repeats.setup;
}

function isSameText(repeats: Repeats, { text, starts, ends }: Fields, index: number): boolean {
  const start = starts[index] ?? 0;
  const length = (ends[index] ?? 0) - start;
  const before = repeats.starts[index] ?? 0;
  if ((repeats.ends[index] ?? 0) - before !== length) return false;
  for (let at = 0; at < length; at += 1) {
    if (text.charCodeAt(start + at) !== text.charCodeAt(before + at)) return false;
  }
  return true;
}
