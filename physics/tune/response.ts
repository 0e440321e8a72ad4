import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import type { Value } from '../../protocol/compare.ts';

/**
 * What each bin says as a polynomial of the parameters, fitted to samples: A. Buckley et al., Eur. Phys. J. C 65 (2010)
 * 331 (arXiv:0907.2973). Least squares by singular values; every bin has the same matrix, so there is one decomposition.
 */

export interface Sample {
  /** Unit coordinates. */
  readonly x: readonly number[];
  readonly events: number;
  /** One for each bin. */
  readonly values: readonly Value[];
}

/** The samples can not carry the polynomial. */
export class TooFewSamples extends Error {
  override readonly name = 'TooFewSamples';
}

/** Exponents of all monomials up to an order, for example [0,0] [1,0] [0,1] [2,0] [1,1] [0,2]. */
export function monomials(dimensions: number, order: number): number[][] {
  const ofDegree = (d: number, degree: number): number[][] => {
    if (d === 1) return [[degree]];
    return Array.from({ length: degree + 1 }, (_, i) => degree - i).flatMap((first) =>
      ofDegree(d - 1, degree - first).map((rest) => [first, ...rest]),
    );
  };
  return Array.from({ length: order + 1 }, (_, degree) => ofDegree(dimensions, degree)).flat();
}

const terms = (exponents: readonly number[][], x: readonly number[]): number[] =>
  exponents.map((powers) => powers.reduce((product, power, i) => product * (x[i] ?? 0) ** power, 1));

export class Responses {
  readonly #exponents: readonly number[][];
  readonly #coefficients: readonly (readonly number[])[];
  /** Of the coefficients, for a bin whose samples have the error 1. */
  readonly #covariance: readonly (readonly number[])[];
  readonly #errors: readonly number[];
  /** Of each bin, the root mean square of the error that at() gives, over the samples. */
  readonly meanErrors: readonly number[];
  /**
   * For each bin: the mean square of what every sample is from the polynomial through all others, in its expected errors. 1: only
   * statistics are left; more: the polynomial does not follow.
   */
  readonly leftOut: readonly number[];

  constructor(
    exponents: readonly number[][],
    coefficients: readonly (readonly number[])[],
    covariance: readonly (readonly number[])[],
    errors: readonly number[],
    leftOut: readonly number[],
    samples: number,
  ) {
    this.#exponents = exponents;
    this.#coefficients = coefficients;
    this.#covariance = covariance;
    this.#errors = errors.map((error, bin) => error * Math.sqrt(Math.max(1, leftOut[bin] ?? 1)));
    this.leftOut = leftOut;
    // The samples' shares in their own values (h) have the number of coefficients as their sum.
    this.meanErrors = this.#errors.map((error) => error * Math.sqrt(exponents.length / samples));
  }

  get terms(): number {
    return this.#exponents.length;
  }

  /** All bins at a point, with the error from the samples' statistics; larger where the polynomial does not follow them. */
  at(x: readonly number[]): Value[] {
    const t = terms(this.#exponents, x);
    const variance = t.reduce((sum, ti, i) => sum + ti * dot(this.#covariance[i] ?? [], t), 0);
    const spread = Math.sqrt(Math.max(0, variance));
    return this.#coefficients.map((c, bin) => ({
      value: dot(c, t),
      error: (this.#errors[bin] ?? 0) * spread,
    }));
  }
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** The exponents of a polynomial that so many samples can carry. @throws TooFewSamples */
export function termsFor(dimensions: number, order: number, samples: number): number[][] {
  const exponents = monomials(dimensions, order);
  if (samples > exponents.length) return exponents;
  throw new TooFewSamples(
    `a polynomial of order ${order} in ${dimensions} parameters has ${exponents.length} coefficients; ${samples} samples are too few, take twice as many or more`,
  );
}

/** @throws TooFewSamples */
export function fitResponses(samples: readonly Sample[], order: number): Responses {
  const exponents = termsFor(samples[0]?.x.length ?? 1, order, samples.length);
  // A sample of more events counts for more; a bin's own errors do not, for they know of its content: low ones would win.
  const events = samples.reduce((sum, sample) => sum + sample.events, 0) / samples.length;
  const roots = samples.map((sample) => Math.sqrt(sample.events / events));
  const rows = samples.map(({ x }, i) => terms(exponents, x).map((term) => term * (roots[i] ?? 1)));
  const svd = new SingularValueDecomposition(new Matrix(rows));
  if (svd.rank < exponents.length)
    throw new TooFewSamples('the samples do not tell all coefficients apart; take other points');
  const [u, v] = [svd.leftSingularVectors.to2DArray(), svd.rightSingularVectors.to2DArray()];
  const s = svd.diagonal;
  const covariance = v.map((vi) =>
    v.map((vj) => vi.reduce((sum, a, k) => sum + (a * (vj[k] ?? 0)) / (s[k] ?? 1) ** 2, 0)),
  );
  const leverages = u.map((row) => dot(row, row));

  const bins = (samples[0]?.values ?? []).map((_, bin) => {
    const ys = samples.map(({ values }, i) => (values[bin]?.value ?? 0) * (roots[i] ?? 1));
    const projections = s.map((_value, k) => ys.reduce((sum, y, i) => sum + y * (u[i]?.[k] ?? 0), 0));
    const coefficients = v.map((row) =>
      row.reduce((sum, vk, k) => sum + (vk * (projections[k] ?? 0)) / (s[k] ?? 1), 0),
    );
    const variance =
      samples.reduce((sum, { values }, i) => sum + ((values[bin]?.error ?? 0) * (roots[i] ?? 1)) ** 2, 0) /
      samples.length;
    // Leaving one sample out, in closed form: its residual r becomes r / (1 - h), with the variance / (1 - h).
    const squares = ys.reduce((sum, y, i) => {
      const residual = y - dot(u[i] ?? [], projections);
      return sum + residual ** 2 / (1 - (leverages[i] ?? 0));
    }, 0);
    const leftOut = variance > 0 ? squares / samples.length / variance : 0;
    return { coefficients, error: Math.sqrt(variance), leftOut };
  });
  return new Responses(
    exponents,
    bins.map(({ coefficients }) => coefficients),
    covariance,
    bins.map(({ error }) => error),
    bins.map(({ leftOut }) => leftOut),
    samples.length,
  );
}
