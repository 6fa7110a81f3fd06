// The cache of the process: values by key, bounded by their total size, least recently used first out. A value is computed
// once for everyone who asks for it at the same time. It may expire after a time to live, or be cached under a version, such
// as that of the items it was read from, and be computed again for any other version.

export interface CacheOptions<T> {
  /** What all values may count together. A larger single value is not cached, and evicts no others. */
  readonly maxSize: number;
  /** What a value counts; 1 unless given. */
  readonly measureSize?: (value: T) => number;
  /** What each value counts in addition, so that even empty ones are evicted at last; 0 unless given. */
  readonly entrySize?: number;
  /** How many milliseconds a value is valid; forever unless given, or for Infinity. With 0 or less it is not cached. */
  readonly ttlMs?: (value: T) => number;
  /** The time in milliseconds; monotonic unless given. */
  readonly now?: () => number;
}

export interface Cache<T> {
  /** The valid value of this key and version; else the result of `compute`, which is then cached. A rejection is not. */
  get(key: string, compute: () => Promise<T>, version?: string): Promise<T>;
  /** Removes all values. A value that is being computed reaches those who asked for it before, and is not cached. */
  clear(): void;
}

interface Entry<T> {
  readonly version: string;
  readonly value: Promise<T>;
  size: number;
  /** Since when and for how long it is valid; null while it is being computed. */
  validity: { readonly since: number; readonly milliseconds: number } | null;
}

const FOREVER = () => Number.POSITIVE_INFINITY;

/** An empty cache. */
export function makeCache<T>({
  maxSize,
  measureSize = () => 1,
  entrySize = 0,
  ttlMs = FOREVER,
  now = () => performance.now(),
}: CacheOptions<T>): Cache<T> {
  // A map iterates in the order of insertion: the least recently used entry is the first.
  const entries = new Map<string, Entry<T>>();
  let total = 0;

  function remove(key: string, entry: Entry<T>): void {
    if (entries.get(key) !== entry) return;
    entries.delete(key);
    total -= entry.size;
  }

  function isValid({ validity }: Entry<T>): boolean {
    if (validity === null || validity.milliseconds === Number.POSITIVE_INFINITY) return true;
    const age = now() - validity.since;
    // A clock that is set back must not prolong it.
    return age >= 0 && age < validity.milliseconds;
  }

  function settle(key: string, entry: Entry<T>, value: T): void {
    if (entries.get(key) !== entry) return;
    entry.validity = { since: now(), milliseconds: ttlMs(value) };
    entry.size = measureSize(value) + entrySize;
    total += entry.size;
    if (entry.size > maxSize || entry.validity.milliseconds <= 0) remove(key, entry);
    for (const [oldest, old] of entries) {
      if (total <= maxSize) break;
      if (old.validity !== null) remove(oldest, old);
    }
  }

  async function start(key: string, version: string, compute: () => Promise<T>): Promise<T> {
    const entry: Entry<T> = { version, value: compute(), size: 0, validity: null };
    entries.set(key, entry);
    try {
      const value = await entry.value;
      settle(key, entry, value);
      return value;
    } catch (error) {
      remove(key, entry);
      throw error;
    }
  }

  return {
    get: (key, compute, version = "") => {
      const entry = entries.get(key);
      if (entry !== undefined) {
        if (entry.version === version && isValid(entry)) {
          entries.delete(key);
          entries.set(key, entry);
          return entry.value;
        }
        remove(key, entry);
      }
      return start(key, version, compute);
    },
    clear: () => {
      entries.clear();
      total = 0;
    },
  };
}
