// Both views of something: without cached runs (`trusted`), and with all runs. Most hosts have no cached runs; both views
// then are the same object, and what is computed from them is computed once.

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

  /** Whether both views are one and the same object; two equal objects are not. */
  get areSame(): boolean {
    return this.trusted === this.all;
  }

  /** Computes something from each view, once if both are the same. */
  map<U>(compute: (value: T, view: View) => U): BothViews<U> {
    const trusted = compute(this.trusted, "trusted");
    return new BothViews(trusted, this.areSame ? trusted : compute(this.all, "all"));
  }

  /** Two values as a pair in each view, which is the same pair if both values are the same in both views. */
  static zip<T, U>(first: BothViews<T>, second: BothViews<U>): BothViews<readonly [T, U]> {
    const trusted = [first.trusted, second.trusted] as const;
    return new BothViews(trusted, first.areSame && second.areSame ? trusted : [first.all, second.all]);
  }

  /** Several values as a list in each view, which is the same list if every value is the same in both views. */
  static listOf<T>(values: readonly BothViews<T>[]): BothViews<readonly T[]> {
    const trusted = values.map((value) => value.trusted);
    return new BothViews(trusted, values.every((value) => value.areSame) ? trusted : values.map((value) => value.all));
  }
}
