/**
 * A value that is made when it is first asked for, and kept. What makes it must give the same whenever it is called. A bundle
 * leaves out what nobody in it asks for: that is what the mark says, where a call at the top of a file would have to stay.
 */
/* @__NO_SIDE_EFFECTS__ */
export function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
