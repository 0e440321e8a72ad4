import { latinHypercube } from './latin-hypercube.ts';
import { type Range, valueIn } from './range.ts';
import { sobol } from './sobol.ts';
import { uniforms } from './uniforms.ts';

export type Method = 'random' | 'latin-hypercube' | 'sobol';

export interface Sampling {
  readonly method: Method;
  readonly points: number;
  /** Of Sobol's sequence 0 is the sequence as published; any other shifts its bits. */
  readonly seed: number;
}

/** The points of a box; which coordinate is whose follows from the ranges' order. */
export function samplePoints(sampling: Sampling, ranges: readonly Range[]): Record<string, number>[] {
  return unitPoints(sampling, ranges.length).map((point) =>
    Object.fromEntries(ranges.map((range, d) => [range.name, valueIn(range, point[d] ?? 0)])),
  );
}

function unitPoints({ method, points, seed }: Sampling, dimensions: number): number[][] {
  switch (method) {
    case 'random':
      // By point, so that more points are the same and some more.
      return Array.from({ length: points }, (_, i) => uniforms(`random/${seed}/${i}`, dimensions));
    case 'latin-hypercube':
      return latinHypercube(dimensions, points, seed);
    case 'sobol':
      // The sequence begins in the corner of all lowest values, which says little. Shifted it is a point as any other, and with
      // it 2^k points are a net (A. B. Owen, arXiv:2008.08051).
      return seed === 0
        ? sobol(dimensions, points, 1)
        : sobol(dimensions, points, 0, uniforms(`sobol/${seed}`, dimensions));
  }
}
