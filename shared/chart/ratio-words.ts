// Ratios in the few characters that a picture has room for, with the digits of the sentences (`ratioText`).

import type { Known, Limits } from "../compare/comparison.ts";
import { ratioText } from "../model/number-text.ts";

/** `2.1×`, `≥ 1.08×`, `≤ 0.016×`, `1.1–1.4×`; `–` where nothing is known. */
export function timesText({ low, high }: Known): string {
  if (low !== null && high !== null) {
    return low === high ? `${ratioText(low)}×` : `${ratioText(low, "down")}–${ratioText(high, "up")}×`;
  }
  if (low !== null) return `≥ ${ratioText(low, "down")}×`;
  return high === null ? "–" : `≤ ${ratioText(high, "up")}×`;
}

/** `2.0–2.2`, `2.0 or more`, `0.9 or less`; empty where there is no interval or it has no limits. */
export function limitsText(limits: Limits | null): string {
  if (limits === null) return "";
  const { low, high } = limits;
  if (low !== null && high !== null) return `${ratioText(low)}–${ratioText(high)}`;
  if (low !== null) return `${ratioText(low, "down")} or more`;
  return high === null ? "" : `${ratioText(high, "up")} or less`;
}

/** Both: `2.1× (2.0–2.2)`. */
export function estimateText(ratio: Known, limits: Limits | null): string {
  const interval = limitsText(limits);
  return interval === "" ? timesText(ratio) : `${timesText(ratio)} (${interval})`;
}
