// The distribution-free tests of the comparison: the sign test, the ranks of a median's interval that it gives, and Holm's
// correction over several tests. All rest on the binomial distribution with probability 1/2, accurate to about 12 digits
// for n up to a million. Method: statistics.md, sections 4 and 6.

/**
 * Two-sided p of the exact sign test of `positive` against `negative` hosts (Dixon and Mood 1946). Leave ties out before
 * the call. Without any host it is 1.
 */
export function signTest(positive: number, negative: number): number {
  return Math.min(1, 2 * binomialCdf(Math.min(positive, negative), positive + negative));
}

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

/** The rank of the lower limit of a median's 95 % interval: the real number `k + lambda`. */
export interface MedianRank {
  readonly k: number;
  /** 0 to 1: how far to go from the k-th to the next order statistic. */
  readonly lambda: number;
}

/** Confidence of the interval, and the probability of missing the median on either side. */
const CONFIDENCE = 0.95;
const MISS = 0.025;

/**
 * Rank of the lower limit among n values, n >= 6, by the sign-test interval with the interpolation of Hettmansperger
 * and Sheather (1986); the upper limit has the same rank from the top (statistics.md, section 4). Below 6 the whole range
 * of the values covers the median in less than 95 % of cases, and a RangeError is thrown.
 */
export function medianRank(n: number): MedianRank {
  if (n < 6) throw new RangeError(`no 95 % interval of a median exists for n = ${n}`);
  // Starts safely below (at 2.4 standard deviations) and climbs term by term.
  let k = Math.max(0, Math.floor(n / 2 - 1.2 * Math.sqrt(n)) - 1);
  let below = binomialCdf(k - 1, n);
  let term = probability(n, k);
  while (below + term <= MISS) {
    below += term;
    k += 1;
    term *= (n - k + 1) / k;
  }
  const outer = 1 - 2 * below;
  const inner = 1 - 2 * (below + term);
  const share = (outer - CONFIDENCE) / (outer - inner);
  return { k, lambda: ((n - k) * share) / (k + (n - 2 * k) * share) };
}

/** `medianRank` that computes each n once: within one comparison most cells have one of a few numbers of hosts. */
export function memoizedMedianRank(): (n: number) => MedianRank {
  const ranks = new Map<number, MedianRank>();
  return (n) => {
    const rank = ranks.get(n) ?? medianRank(n);
    ranks.set(n, rank);
    return rank;
  };
}

/**
 * P(X <= j) for X ~ Binomial(n, 1/2), any integer j. The terms are added downward from the j-th, each from the one
 * above it, until they no longer matter: of the order of sqrt(n) terms. Probabilities under 1e-308 come out as 0.
 */
export function binomialCdf(j: number, n: number): number {
  if (j < 0) return 0;
  if (j >= n) return 1;
  if (2 * j >= n) return 1 - binomialCdf(n - j - 1, n);
  let term = probability(n, j);
  let sum = term;
  for (let i = j; i > 0 && term > sum * 1e-18; i--) {
    term *= i / (n - i + 1);
    sum += term;
  }
  return sum;
}

/**
 * P(X = j) for 0 <= j <= n/2. The log-factorials of n, j and n-j are huge and nearly cancel; their leading parts are
 * therefore combined on paper, with u = 1 - 2j/n, and only the small rests are subtracted as numbers.
 */
function probability(n: number, j: number): number {
  if (j === 0) return 2 ** -n;
  const u = (n - 2 * j) / n;
  const exponent = (-n / 2) * ((1 - u) * Math.log1p(-u) + (1 + u) * Math.log1p(u));
  const scale = Math.log(n / (2 * Math.PI * j * (n - j))) / 2;
  return Math.exp(exponent + scale + stirlingRest(n) - stirlingRest(j) - stirlingRest(n - j));
}

/** ln n! minus Stirling's leading part n ln n - n + ln(2 pi n)/2, for n >= 1. */
function stirlingRest(n: number): number {
  if (n < 16) {
    let factorial = 1;
    for (let i = 2; i <= n; i++) factorial *= i;
    return Math.log(factorial) - (n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2);
  }
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / n;
}
