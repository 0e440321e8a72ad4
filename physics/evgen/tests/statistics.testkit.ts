/** How far counts are from what is expected, in standard deviations. */

/**
 * Pearson's chi-square of counts against expected shares, as a standard normal deviate (E. B. Wilson, M. M. Hilferty,
 * Proc. Natl. Acad. Sci. 17 (1931) 684). Large: does not fit. Very negative: fits too well to be random.
 */
export function chi2Deviation(counts: readonly number[], shares: readonly number[]): number {
  const total = counts.reduce((sum, n) => sum + n, 0);
  const whole = shares.reduce((sum, share) => sum + share, 0);
  const chi2 = counts.reduce((sum, n, i) => {
    const expected = (total * (shares[i] ?? 0)) / whole;
    return sum + (n - expected) ** 2 / expected;
  }, 0);
  const degrees = counts.length - 1;
  const spread = 2 / (9 * degrees);
  return (Math.cbrt(chi2 / degrees) - (1 - spread)) / Math.sqrt(spread);
}

/** Correlation of two series of equal length, in standard deviations from none. */
export function correlationDeviation(a: readonly number[], b: readonly number[]): number {
  const mean = (x: readonly number[]) => x.reduce((sum, value) => sum + value, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (const [i, x] of a.entries()) {
    const y = (b[i] ?? mb) - mb;
    ab += (x - ma) * y;
    aa += (x - ma) ** 2;
    bb += y ** 2;
  }
  return (ab / Math.sqrt(aa * bb)) * Math.sqrt(a.length);
}
