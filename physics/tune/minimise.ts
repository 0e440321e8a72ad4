import { Matrix, solve } from 'ml-matrix';

/**
 * Least squares in a box by Levenberg and Marquardt (D. W. Marquardt, J. Soc. Indust. Appl. Math. 11 (1963) 431). A parameter
 * at an edge which the sum pushes outwards rests there for the step.
 */

export type Residuals = (x: readonly number[]) => readonly number[];

export interface Box {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

export interface Minimum {
  readonly x: readonly number[];
  /** Sum of the squared residuals. */
  readonly chi2: number;
  readonly converged: boolean;
  /** Parameters that stop at an edge of the box: the minimum lies beyond. */
  readonly atEdge: readonly boolean[];
  /** Residuals by parameters, at x. */
  readonly jacobian: readonly (readonly number[])[];
}

/** Of the box; cubes of it are far above rounding, far below what a polynomial of low order does. */
const DIFFERENCE = 1e-4;
const MAX_STEPS = 200;
const MAX_DAMPING = 1e12;
/** Keeps a parameter that no residual depends on where it is. */
const TINY = 1e-100;

const sumOfSquares = (residuals: readonly number[]) => residuals.reduce((sum, r) => sum + r * r, 0);

function clip(x: readonly number[], { low, high }: Box): number[] {
  return x.map((xi, i) => Math.min(high[i] ?? xi, Math.max(low[i] ?? xi, xi)));
}

/** By differences inside the box. */
function jacobianOf(residuals: Residuals, x: readonly number[], box: Box): number[][] {
  const columns = x.map((xi, i) => {
    const step = DIFFERENCE * ((box.high[i] ?? 1) - (box.low[i] ?? 0));
    const to = (value: number) => clip(x.with(i, value), box);
    const [up, down] = [to(xi + step), to(xi - step)];
    const distance = (up[i] ?? 0) - (down[i] ?? 0);
    const above = residuals(up);
    return residuals(down).map((r, row) => ((above[row] ?? 0) - r) / distance);
  });
  return (columns[0] ?? []).map((_, row) => columns.map((column) => column[row] ?? 0));
}

interface Slope {
  readonly jacobian: number[][];
  readonly gradient: number[];
  readonly atEdge: boolean[];
}

function slopeAt(residuals: Residuals, x: readonly number[], box: Box): Slope {
  const jacobian = jacobianOf(residuals, x, box);
  const r = residuals(x);
  const gradient = x.map((_, i) => jacobian.reduce((sum, row, n) => sum + (row[i] ?? 0) * (r[n] ?? 0), 0));
  const atEdge = x.map(
    (xi, i) =>
      (xi <= (box.low[i] ?? 0) && (gradient[i] ?? 0) > 0) ||
      (xi >= (box.high[i] ?? 0) && (gradient[i] ?? 0) < 0),
  );
  return { jacobian, gradient, atEdge };
}

/** The damped step over the parameters that are free. */
function stepOf({ jacobian, gradient, atEdge }: Slope, damping: number): number[] {
  const free = atEdge.flatMap((rests, i) => (rests ? [] : [i]));
  if (free.length === 0) return atEdge.map(() => 0);
  const j = new Matrix(jacobian.map((row) => free.map((i) => row[i] ?? 0)));
  const normal = j.transpose().mmul(j);
  for (let i = 0; i < free.length; i++) normal.set(i, i, normal.get(i, i) * (1 + damping) + TINY);
  const step = solve(normal, Matrix.columnVector(free.map((i) => -(gradient[i] ?? 0)))).to1DArray();
  return atEdge.map((_, i) => step[free.indexOf(i)] ?? 0);
}

export function minimise(residuals: Residuals, start: readonly number[], box: Box): Minimum {
  let x = clip(start, box);
  let chi2 = sumOfSquares(residuals(x));
  let slope = slopeAt(residuals, x, box);
  let damping = 1e-3;
  let converged = false;
  for (let step = 0; step < MAX_STEPS && !converged; step++) {
    const by = stepOf(slope, damping);
    const next = clip(
      x.map((xi, i) => xi + (by[i] ?? 0)),
      box,
    );
    const found = sumOfSquares(residuals(next));
    if (found < chi2) {
      converged = chi2 - found <= 1e-10 * chi2;
      [x, chi2, damping] = [next, found, Math.max(1e-12, damping / 10)];
      slope = slopeAt(residuals, x, box);
    } else {
      damping *= 10;
      // No step however short goes down: this is the bottom, as far as rounding tells.
      converged = damping > MAX_DAMPING;
    }
  }
  return { x, chi2, converged, atEdge: slope.atEdge, jacobian: slope.jacobian };
}

/** The lowest of the minima found from several starts: a polynomial may have more than one. */
export function minimiseFrom(
  residuals: Residuals,
  starts: readonly (readonly number[])[],
  box: Box,
): Minimum {
  const found = starts.map((start) => minimise(residuals, start, box));
  const [first, ...others] = found;
  if (!first) throw new RangeError('a minimum is looked for from one start or more');
  return others.reduce((best, one) => (one.chi2 < best.chi2 ? one : best), first);
}
