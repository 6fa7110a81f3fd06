// The axis of rates: linear, with round ticks, over what there is to show. It need not begin at 0, for it carries points and
// not bars.

export interface LinearAxis {
  readonly ticks: readonly number[];
  /** Where a value is, in px. */
  readonly place: (value: number) => number;
}

const STEPS = [1, 2, 5, 10] as const;

/** An axis over these values, at least one, from `bottom` up to `top` px, with about `count` ticks. */
export function linearAxis(values: readonly number[], bottom: number, top: number, count: number): LinearAxis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // A lone value stands in the middle of a tenth of itself.
  const spread = Math.max(most - least, most * 0.1, 1e-9);
  const raw = spread / count;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = magnitude * (STEPS.find((each) => each * magnitude >= raw) ?? 10);
  const from = Math.max(0, Math.floor((least + most - spread) / 2 / step));
  const to = Math.max(from + 1, Math.ceil((least + most + spread) / 2 / step));
  const ticks = Array.from({ length: to - from + 1 }, (_, index) => (from + index) * step);
  return {
    ticks,
    place: (value) => bottom + ((value - from * step) / ((to - from) * step)) * (top - bottom),
  };
}
