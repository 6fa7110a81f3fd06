/**
 * The median by the ordinary rules: the middle value, or the mean of the two middle ones (statistics.md, section 2).
 * `xs` holds at least one value and may hold -Infinity or +Infinity, not both; if one of the two middle values is
 * infinite, the result is that infinity. Throws a RangeError when `xs` is empty.
 */
export function mid(xs: readonly number[]): number {
  const sorted = Float64Array.from(xs).sort();
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.floor(sorted.length / 2)];
  if (low === undefined || high === undefined) throw new RangeError("the median of no values does not exist");
  return (low + high) / 2;
}
