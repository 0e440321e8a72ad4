import { type ComparedBin, pull } from '../../protocol/compare.ts';
import type { Check, Sum } from './document.ts';
import type { Observable } from './observables.ts';

/** What is compared: events generated at both sets of parameters, and what the polynomials say of the tuned one. */
export interface CheckInput {
  /** By observable. */
  readonly atDefault: readonly (readonly ComparedBin[])[];
  readonly atTuned: readonly (readonly ComparedBin[])[];
  /** Over all bins, in the same order. */
  readonly said: readonly ComparedBin[];
  readonly leftOut: readonly number[];
}

const chi2Of = (bins: readonly ComparedBin[]) => bins.reduce((sum, bin) => sum + pull(bin) ** 2, 0);

/** How each observable is described: see the schema. */
export function checkOf(observables: readonly Observable[], input: CheckInput): Check[] {
  let from = 0;
  return observables.map(({ measured, weight }, i) => {
    const [before = [], generated = []] = [input.atDefault[i], input.atTuned[i]];
    const [first, end] = [from, from + generated.length];
    from = end;
    const said = input.said.slice(first, end);
    const leftOut = input.leftOut.slice(first, end);
    return {
      id: measured.reference.id,
      title: measured.reference.title,
      weight,
      bins: generated.length,
      chi2Default: chi2Of(before),
      chi2Tuned: chi2Of(generated),
      chi2Predicted: chi2Of(said),
      chi2Surrogate: between(said, generated),
      leftOut: leftOut.reduce((a, b) => a + b, 0) / Math.max(1, leftOut.length),
    };
  });
}

/** The polynomials against events generated at the same point, in the errors of both. */
function between(said: readonly ComparedBin[], generated: readonly ComparedBin[]): number {
  return said.reduce((sum, { model, modelError }, i) => {
    const other = generated[i];
    const error = other ? Math.hypot(modelError, other.modelError) : 0;
    return error > 0 && other ? sum + ((model - other.model) / error) ** 2 : sum;
  }, 0);
}

/** Over all bins of what was fitted, or of what was held out; not weighted. */
export function sumsOf(checks: readonly Check[], which: 'fitted' | 'held out') {
  const chosen = checks.filter(({ weight }) => (weight === 0) === (which === 'held out'));
  const sum = (of: (check: Check) => number): Sum => ({
    chi2: chosen.reduce((total, check) => total + of(check), 0),
    bins: chosen.reduce((total, { bins }) => total + bins, 0),
  });
  return {
    default: sum((check) => check.chi2Default),
    tuned: sum((check) => check.chi2Tuned),
    predicted: sum((check) => check.chi2Predicted),
    surrogate: sum((check) => check.chi2Surrogate),
  };
}
