import { EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix';

/**
 * The covariance of fitted parameters. A weight w makes a bin count w times in the sum but does not make it measured better:
 * with A = sum w g gT/sigma2 and B = sum w2 g gT/sigma2, the covariance is A^-1 B A^-1; with weights of 1 it is A^-1.
 *
 * @param jacobian of residuals sqrt(w) (f - d) / sigma
 */
export function covarianceOf(
  jacobian: readonly (readonly number[])[],
  weights: readonly number[],
): number[][] {
  const j = new Matrix(jacobian.map((row) => [...row]));
  const weighted = new Matrix(jacobian.map((row, i) => row.map((value) => value * (weights[i] ?? 1))));
  const bread = inverse(j.transpose().mmul(j), true);
  return bread.mmul(j.transpose().mmul(weighted)).mmul(bread).to2DArray();
}

export function correlationsOf(covariance: readonly (readonly number[])[]): number[][] {
  const sigmas = covariance.map((row, i) => Math.sqrt(row[i] ?? 0));
  return covariance.map((row, i) =>
    row.map((value, k) => (i === k ? 1 : value / ((sigmas[i] ?? 1) * (sigmas[k] ?? 1)))),
  );
}

/** A direction in which parameters vary on their own, and how far one standard deviation goes. */
export interface Eigentune {
  readonly sigma: number;
  /** Of length 1; the largest component is positive. */
  readonly direction: readonly number[];
}

/** Widest first: what the data tell least of. */
export function eigentunesOf(covariance: readonly (readonly number[])[]): Eigentune[] {
  const found = new EigenvalueDecomposition(new Matrix(covariance.map((row) => [...row])), {
    assumeSymmetric: true,
  });
  const columns = found.eigenvectorMatrix.transpose().to2DArray();
  return columns
    .map((column, i) => {
      const largest = column.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
      const sign = largest < 0 ? -1 : 1;
      return {
        sigma: Math.sqrt(Math.max(0, found.realEigenvalues[i] ?? 0)),
        direction: column.map((value) => sign * value),
      };
    })
    .sort((a, b) => b.sigma - a.sigma);
}
