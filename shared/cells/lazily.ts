/** A value that is made when it is first asked for, and kept: for what takes long to make and is seldom needed. */
export function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
