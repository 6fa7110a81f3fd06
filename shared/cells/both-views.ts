// Both views of something: without cached runs, and with all runs. Most hosts have no cached runs; then both views hold the
// same object, and what is computed from it is computed once.

import type { View } from "../run/run.ts";

/** A value in each view. */
export class BothViews<T> implements Readonly<Record<View, T>> {
  readonly trusted: T;
  readonly all: T;

  /** Without `all`, both views are the same. */
  constructor(trusted: T, all: T = trusted) {
    this.trusted = trusted;
    this.all = all;
  }

  /** Whether both views are one and the same object. Two equal objects are not. */
  get areSame(): boolean {
    return this.trusted === this.all;
  }

  /** Computes something from each view, once where both are the same. */
  map<U>(compute: (value: T, view: View) => U): BothViews<U> {
    const trusted = compute(this.trusted, "trusted");
    return new BothViews(trusted, this.areSame ? trusted : compute(this.all, "all"));
  }

  /** Several values as one list for each view, which is one and the same list where no value has two views. */
  static listOf<T>(values: readonly BothViews<T>[]): BothViews<readonly T[]> {
    const trusted = values.map((value) => value.trusted);
    return new BothViews(trusted, values.every((value) => value.areSame) ? trusted : values.map((value) => value.all));
  }
}
