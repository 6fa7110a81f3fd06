// The filter of an event source mapping, as far as the stack uses its language: values to equal, and prefixes.

// biome-ignore lint/suspicious/noExplicitAny: patterns mirror the events, whose shape is theirs.
type Json = any;

/** Whether a pattern lets an event through: every field it names has one of the values it lists. */
export function letsThrough(pattern: Json, event: Json): boolean {
  return Object.entries<Json>(pattern).every(([field, expected]) => {
    const value = event?.[field];
    if (!Array.isArray(expected)) return letsThrough(expected, value);
    return expected.some((one) =>
      typeof one === "object" ? typeof value === "string" && value.startsWith(one.prefix) : value === one,
    );
  });
}
