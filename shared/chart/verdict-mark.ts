import type { Verdict } from "../compare/verdict.ts";
import type { Shape } from "./scene.ts";

/** How a verdict looks: a role for its colour, and a shape that says the same without colour. */
interface VerdictMark {
  readonly role: "better" | "worse" | "equal" | "unclear";
  readonly shape: Shape;
}

export const VERDICT_MARKS: Readonly<Record<Verdict, VerdictMark>> = {
  faster: { role: "better", shape: "up" },
  slower: { role: "worse", shape: "down" },
  equivalent: { role: "equal", shape: "diamond" },
  inconclusive: { role: "unclear", shape: "ring" },
  "not comparable": { role: "unclear", shape: "dash" },
};
