/**
 * Sobol's sequence: points that fill a unit cube evenly, however many are taken. In Gray-code order (I. A. Antonov,
 * V. M. Saleev, USSR Comput. Math. Math. Phys. 19 (1980) 252) with the direction numbers of S. Joe, F. Y. Kuo, SIAM
 * J. Sci. Comput. 30 (2008) 2635.
 */

interface Direction {
  /** Inner coefficients of the primitive polynomial, as bits. */
  readonly a: number;
  readonly m: readonly number[];
}

/** Dimensions 2 to 21 of new-joe-kuo-6.21201 (web.maths.unsw.edu.au/~fkuo/sobol); the first has all m equal to 1. */
const DIRECTIONS: readonly Direction[] = [
  { a: 0, m: [1] },
  { a: 1, m: [1, 3] },
  { a: 1, m: [1, 3, 1] },
  { a: 2, m: [1, 1, 1] },
  { a: 1, m: [1, 1, 3, 3] },
  { a: 4, m: [1, 3, 5, 13] },
  { a: 2, m: [1, 1, 5, 5, 17] },
  { a: 4, m: [1, 1, 5, 5, 5] },
  { a: 7, m: [1, 1, 7, 11, 19] },
  { a: 11, m: [1, 1, 5, 1, 1] },
  { a: 13, m: [1, 1, 1, 3, 11] },
  { a: 14, m: [1, 3, 5, 5, 31] },
  { a: 1, m: [1, 3, 3, 9, 7, 49] },
  { a: 13, m: [1, 1, 1, 15, 21, 21] },
  { a: 16, m: [1, 3, 1, 13, 27, 49] },
  { a: 19, m: [1, 1, 1, 15, 7, 5] },
  { a: 22, m: [1, 3, 1, 15, 13, 25] },
  { a: 25, m: [1, 1, 5, 5, 19, 61] },
  { a: 1, m: [1, 3, 7, 11, 23, 15, 103] },
  { a: 4, m: [1, 3, 7, 13, 13, 15, 69] },
];

export const MAX_DIMENSIONS = DIRECTIONS.length + 1;

const BITS = 32;

/** v_k = m_k / 2^k, as 32-bit fractions. */
function directionNumbers(dimension: number): Uint32Array {
  const v = new Uint32Array(BITS);
  const direction = DIRECTIONS[dimension - 1];
  if (!direction) return v.map((_, k) => 2 ** (BITS - 1 - k));
  const { a, m } = direction;
  const s = m.length;
  for (let k = 0; k < BITS; k++) {
    const start = m[k];
    if (start !== undefined) {
      v[k] = start * 2 ** (BITS - 1 - k);
      continue;
    }
    const last = v[k - s] ?? 0;
    let bits = last ^ (last >>> s);
    for (let j = 1; j < s; j++) if ((a >>> (s - 1 - j)) & 1) bits ^= v[k - j] ?? 0;
    v[k] = bits;
  }
  return v;
}

/**
 * @param shifts of [0, 1), one a dimension: the points' bits are inverted where it has ones, which leaves them as even as they were
 * @returns `count` points of [0, 1)^dimensions, from the `first`-th (0: the corner at zero)
 * @throws RangeError
 */
export function sobol(
  dimensions: number,
  count: number,
  first = 0,
  shifts: readonly number[] = [],
): number[][] {
  if (!(dimensions >= 1 && dimensions <= MAX_DIMENSIONS))
    throw new RangeError(`Sobol points here have 1 to ${MAX_DIMENSIONS} dimensions, not ${dimensions}`);
  const vs = Array.from({ length: dimensions }, (_, d) => directionNumbers(d));
  return Array.from({ length: count }, (_, i) => {
    const n = first + i;
    const gray = (n ^ (n >>> 1)) >>> 0;
    return vs.map((v, d) => {
      let x = Math.floor((shifts[d] ?? 0) * 2 ** BITS);
      for (let k = 0; gray >>> k > 0; k++) if ((gray >>> k) & 1) x ^= v[k] ?? 0;
      return (x >>> 0) / 2 ** BITS;
    });
  });
}
