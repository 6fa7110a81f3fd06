import type { CellReading } from "../../shared/ports.ts";

/** When any of the cells read was written last; null without any. */
export function newest(readings: Iterable<CellReading>): string | null {
  const written = [...readings].flatMap(({ writtenAt }) => writtenAt ?? []);
  return written.sort().at(-1) ?? null;
}
