import type { Backend } from "../run/backends.ts";

/**
 * The note, in the cells of a backend, of hosts that have a note there and on another backend too, in the same scope:
 * `cached+phy` beside `cached`. So a comparison counts such a host once (statistics.md, section 9).
 */
export function noteOnBoth(note: string, other: Backend): string {
  return `${note}+${other}`;
}
