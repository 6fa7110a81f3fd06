import type { Verdict } from "../compare/verdict.ts";
import { type Cell, cell, type Tone } from "./report.ts";

/** The tone of each verdict, indication and hint. */
const TONES: Readonly<Record<Verdict | "none", Tone>> = {
  faster: "better",
  slower: "worse",
  equivalent: "equal",
  inconclusive: "unclear",
  "not comparable": "unclear",
  none: "plain",
};

/** A verdict, an indication or a hint as a cell. */
export function verdictCell(verdict: Verdict | "none"): Cell {
  return cell(verdict, TONES[verdict]);
}
