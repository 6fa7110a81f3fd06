// Records: what a program is told, one rectangular table for each answer. Numbers are those of the answer, not rounded.

/** A field; null and an absent one are empty. */
export type Value = string | number | boolean | null | undefined;

/** A column by its name, and its value in an item. Names are stable; columns may be added at the end. */
export type Field<T> = readonly [name: string, read: (item: T) => Value];

export interface Records {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/** A table with a row for each item. */
export function recordsOf<T>(fields: readonly Field<T>[], items: readonly T[]): Records {
  return {
    columns: fields.map(([name]) => name),
    rows: items.map((item) => fields.map(([, read]) => read(item))),
  };
}
