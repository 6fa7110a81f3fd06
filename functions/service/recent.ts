// What was worked out a moment ago: once for all who ask for it at the same time, and kept for those who come soon after.

import type { Clock } from "../../shared/run/periods.ts";

export interface Recent<T> {
  /** What is known under the key; else what `make` gives, to everybody who asks meanwhile. A failure is not kept. */
  get(key: string, make: () => Promise<T>): Promise<T>;
}

export interface RecentOptions<T> {
  readonly clock: Clock;
  /** How long a value is kept, in milliseconds; may be for ever. */
  readonly keptMs: (value: T) => number;
  /** What a value counts, and what all may count together; those asked for the longest ago go first. */
  readonly sizeOf: (value: T) => number;
  readonly mostSize: number;
}

interface Entry<T> {
  readonly value: Promise<T>;
  size: number;
  /** When it was made and for how long it is kept; null while it is being made. */
  kept: { readonly at: number; readonly milliseconds: number } | null;
}

/** An empty memory. */
export function makeRecent<T>({ clock, keptMs, sizeOf, mostSize }: RecentOptions<T>): Recent<T> {
  const entries = new Map<string, Entry<T>>();
  let total = 0;

  function forget(key: string, entry: Entry<T>): void {
    if (entries.get(key) !== entry) return;
    entries.delete(key);
    total -= entry.size;
  }

  function isCurrent({ kept }: Entry<T>): boolean {
    if (kept === null) return true;
    const age = clock() - kept.at;
    // A clock that was set back must not make it last.
    return age < kept.milliseconds && (age >= 0 || kept.milliseconds === Number.POSITIVE_INFINITY);
  }

  async function made(key: string, make: () => Promise<T>): Promise<T> {
    const entry: Entry<T> = { value: make(), size: 0, kept: null };
    entries.set(key, entry);
    try {
      const value = await entry.value;
      entry.kept = { at: clock(), milliseconds: keptMs(value) };
      entry.size = sizeOf(value);
      total += entry.size;
      for (const [oldest, old] of entries) {
        if (total <= mostSize) break;
        if (old.kept !== null) forget(oldest, old);
      }
      return value;
    } catch (error) {
      forget(key, entry);
      throw error;
    }
  }

  return {
    get: (key, make) => {
      const entry = entries.get(key);
      if (entry !== undefined) {
        if (isCurrent(entry)) {
          // A map is in the order of insertion: asked for last, forgotten last.
          entries.delete(key);
          entries.set(key, entry);
          return entry.value;
        }
        forget(key, entry);
      }
      return made(key, make);
    },
  };
}
