import { sobol } from '../../platform/sampling/sobol.ts';
import { type ComparedBin, pull, type Value } from '../../protocol/compare.ts';
import { correlationsOf, covarianceOf, type Eigentune, eigentunesOf } from './eigentunes.ts';
import { type Minimum, minimiseFrom } from './minimise.ts';
import { fitResponses, type Responses, type Sample } from './response.ts';

/** A bin of the data, and how much it counts. */
export interface DataBin {
  readonly data: Omit<ComparedBin, 'model' | 'modelError'>;
  readonly weight: number;
}

export interface Fit {
  readonly responses: Responses;
  readonly minimum: Minimum;
  /** In unit coordinates, `scale` squared included. */
  readonly covariance: readonly (readonly number[])[];
  readonly correlations: readonly (readonly number[])[];
  readonly eigentunes: readonly Eigentune[];
  readonly scale: number;
  /** Weighted sum as the polynomials see it. */
  chi2At(x: readonly number[]): number;
  /** Root mean square change of a fitted bin over each parameter's range, in errors of the data. */
  readonly sensitivities: readonly number[];
}

const STARTS = 8;

const against = ({ data }: DataBin, { value, error }: Value): ComparedBin => ({
  ...data,
  model: value,
  modelError: error,
});

/**
 * Polynomials through the samples and the minimum of chi square over the bins with a weight. Errors of data and of the
 * polynomials are added in quadrature, as compare() does with those of a run's statistics; the polynomials' is its mean over
 * the samples everywhere. With its value at each point the sum would fall towards the corners, where they know least.
 *
 * @param bins in the samples' order
 * @param start looked from besides points all over the box; unit coordinates
 * @throws TooFewSamples
 */
export function fitParameters(
  samples: readonly Sample[],
  bins: readonly DataBin[],
  order: number,
  start: readonly number[],
): Fit {
  const responses = fitResponses(samples, order);
  const fitted = bins.flatMap((bin, index) =>
    bin.weight > 0 ? [{ bin, index, root: Math.sqrt(bin.weight) }] : [],
  );
  const residuals = (x: readonly number[]) => {
    const values = responses.at(x);
    return fitted.map(({ bin, index, root }) => {
      const { value = 0 } = values[index] ?? {};
      return root * pull(against(bin, { value, error: responses.meanErrors[index] ?? 0 }));
    });
  };
  const dimensions = start.length;
  const box = { low: start.map(() => -1), high: start.map(() => 1) };
  const starts = [start, ...sobol(dimensions, STARTS, 1).map((point) => point.map((x) => 2 * x - 1))];
  const minimum = minimiseFrom(residuals, starts, box);

  const weights = fitted.map(({ bin }) => bin.weight);
  const degrees = Math.max(1, fitted.length - dimensions);
  const meanWeight = weights.reduce((a, b) => a + b, 0) / Math.max(1, fitted.length);
  const scale = Math.max(1, Math.sqrt(minimum.chi2 / meanWeight / degrees));
  const covariance = covarianceOf(minimum.jacobian, weights).map((row) =>
    row.map((value) => value * scale ** 2),
  );
  const sensitivities = minimum.x.map((_, i) => {
    const [low, high] = [-1, 1].map((edge) => responses.at(minimum.x.with(i, edge)));
    const squares = fitted.map(({ bin, index }) => {
      const change = (high?.[index]?.value ?? 0) - (low?.[index]?.value ?? 0);
      return (change / ((bin.data.errorUp + bin.data.errorDown) / 2)) ** 2;
    });
    return Math.sqrt(squares.reduce((a, b) => a + b, 0) / Math.max(1, fitted.length));
  });
  return {
    responses,
    minimum,
    covariance,
    correlations: correlationsOf(covariance),
    eigentunes: eigentunesOf(covariance),
    scale,
    chi2At: (x) => residuals(x).reduce((sum, r) => sum + r * r, 0),
    sensitivities,
  };
}

/** What the polynomials say of the data's bins at a point. */
export function predicted(fitted: Fit, bins: readonly DataBin[], x: readonly number[]): ComparedBin[] {
  const values = fitted.responses.at(x);
  return bins.map((bin, i) => against(bin, values[i] ?? { value: 0, error: 0 }));
}
