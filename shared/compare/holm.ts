/**
 * Holm's step-down adjustment (1979) of the p values of one family. Keeps the order of its input; a null is no test, it
 * stays null and does not count. The i-th smallest of m (i from 0) is multiplied by m - i, held at 1, and never lower
 * than the ones before it.
 */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const tests = pValues.flatMap((p, index) => (p === null ? [] : [{ p, index }])).sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = pValues.map(() => null);
  let highest = 0;
  tests.forEach(({ p, index }, rank) => {
    highest = Math.max(highest, Math.min(1, (tests.length - rank) * p));
    adjusted[index] = highest;
  });
  return adjusted;
}
