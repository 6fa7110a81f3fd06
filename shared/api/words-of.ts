/** The keys of a list of meanings, as the tuple that an enum schema wants. Throws for an empty list. */
export function wordsOf<T extends string>(meanings: Readonly<Record<T, unknown>>): [T, ...T[]] {
  // Sound for object literals typed by their keys, which all lists of meanings are.
  const [first, ...others] = Object.keys(meanings) as T[];
  if (first === undefined) throw new Error("a list of meanings is empty");
  return [first, ...others];
}
