// Values in the few characters that a picture has room for, with the digits that they have everywhere (`number-text.ts`).

import type { Known, Limits } from "../compare/comparison.ts";
import { type NumberText, ratioText } from "../run/format.ts";

/** `25 510 K/s`, `≥ 32 760 files/s`, `1.37–1.39×`, with the unit as it follows the number; `–` where nothing is known. */
export function valueText({ low, high }: Known, numberText: NumberText, unit: string): string {
  if (low !== null && high !== null) {
    const number = low === high ? numberText(low) : `${numberText(low, "down")}–${numberText(high, "up")}`;
    return `${number}${unit}`;
  }
  if (low !== null) return `≥ ${numberText(low, "down")}${unit}`;
  return high === null ? "–" : `≤ ${numberText(high, "up")}${unit}`;
}

/** A ratio: `2.12×`, `≥ 1.081×`, `≤ 0.0153×`. */
export function timesText(ratio: Known): string {
  return valueText(ratio, ratioText, "×");
}

/** `2.04–2.19`, `2.04 or more`, `0.91 or less`; empty where there is no interval or it has no limits. Limits are rounded outwards. */
export function limitsText(limits: Limits | null): string {
  if (limits === null) return "";
  const { low, high } = limits;
  if (low !== null && high !== null) return `${ratioText(low, "down")}–${ratioText(high, "up")}`;
  if (low !== null) return `${ratioText(low, "down")} or more`;
  return high === null ? "" : `${ratioText(high, "up")} or less`;
}

/** Both: `2.12× (2.04–2.19)`. */
export function estimateText(ratio: Known, limits: Limits | null): string {
  const interval = limitsText(limits);
  return interval === "" ? timesText(ratio) : `${timesText(ratio)} (${interval})`;
}
