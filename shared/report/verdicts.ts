import type { Verdict } from "../compare/verdict.ts";
import { type Cell, cell, type Tone } from "./model.ts";

/** The tone of each verdict. Indications and hints have none, so that nobody takes them for one. */
const TONES: Readonly<Record<Verdict, Tone>> = {
  faster: "better",
  slower: "worse",
  equivalent: "equal",
  inconclusive: "unclear",
  "not comparable": "incomparable",
};

/** A verdict as a cell; `mark` stands behind it. */
export function verdictCell(verdict: Verdict, mark = ""): Cell {
  return cell(`${verdict}${mark}`, TONES[verdict]);
}
