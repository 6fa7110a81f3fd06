// What every statistical answer says about the cells it was made from.

import type { Notice } from "../../shared/compare/notice.ts";
import type { CellReading } from "../../shared/ports.ts";

/** When any of the cells read was written last; null without any. */
export function newest(readings: Iterable<CellReading>): string | null {
  const written = [...readings].flatMap(({ writtenAt }) => writtenAt ?? []);
  return written.sort().at(-1) ?? null;
}

/** What a reader must know of them. */
export function noticesOf(readings: Iterable<CellReading>): readonly Notice[] {
  return [...readings].some(({ isCapped }) => isCapped) ? ["cohorts_capped"] : [];
}
