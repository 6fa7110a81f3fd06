// What was read from the table and is worth keeping in the process, under the stamp that it was read with. What was not
// asked for the longest is forgotten first.

export interface Memory<T> {
  /** What is kept under the key with that very stamp; else what `read` gives, which is kept from then on. */
  recall(key: string, stamp: string, read: () => Promise<{ readonly value: T; readonly bytes: number }>): Promise<T>;
}

interface Kept<T> {
  readonly stamp: string;
  readonly value: T;
  readonly bytes: number;
}

/** What is kept beside a value: key, stamp and the map's entry. So even answers of nothing are forgotten in the end. */
const ENTRY_BYTES = 1_000;

/** A memory for about so many bytes; a single value larger than that is not kept, and pushes out no others. */
export function makeMemory<T>(mostBytes: number): Memory<T> {
  const kept = new Map<string, Kept<T>>();
  let total = 0;

  function forget(key: string): void {
    total -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  }

  return {
    recall: async (key, stamp, read) => {
      const found = kept.get(key);
      if (found?.stamp === stamp) {
        // A map is in the order of insertion: asked for last, forgotten last.
        kept.delete(key);
        kept.set(key, found);
        return found.value;
      }
      const { value, bytes: ofValue } = await read();
      const bytes = ofValue + ENTRY_BYTES;
      forget(key);
      if (bytes > mostBytes) return value;
      kept.set(key, { stamp, value, bytes });
      total += bytes;
      for (const oldest of kept.keys()) {
        if (total <= mostBytes) break;
        forget(oldest);
      }
      return value;
    },
  };
}
