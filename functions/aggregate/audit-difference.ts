/** Something stored that is not what the runs say, or not what their lines say, by its key. */
export interface Difference {
  readonly key: string;
  /** `damaged`: its bytes are not those that were written; `unreadable`: nothing can be made of them. */
  readonly kind: "missing" | "unexpected" | "different" | "damaged" | "unreadable";
  /** What it is about, for people. */
  readonly text?: string;
}

/** The difference between what was found under a key and what was expected there, each as text or null for nothing; none if equal. */
export function differenceOf(key: string, found: string | null, expected: string | null): Difference[] {
  if (found === expected) return [];
  return [{ key, kind: found === null ? "missing" : expected === null ? "unexpected" : "different" }];
}
