/** The curve that the page draws, against the generator itself. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  blocksOf,
  card,
  type EvgenParameters,
  runEvgen,
} from '../../../physics/evgen/tests/evgen.testkit.ts';
import type { HistogramAxis } from '../../../protocol/release.ts';
import { agreement, expectedCounts } from './expected.ts';

const EVENTS = 400_000;
const edges = (from: number, to: number, bins: number) =>
  Array.from({ length: bins + 1 }, (_, i) => from + ((to - from) * i) / bins);
const axis = (name: string, from: number, to: number, bins: number): HistogramAxis => ({
  name,
  title: name,
  xLabel: '',
  yLabel: '',
  edges: edges(from, to, bins),
  logY: false,
});
const AXES = [
  axis('pdgCode', 0.5, 16.5, 16),
  ...['Mu', 'Tau', 'D', 'U', 'S', 'C', 'B'].map((name) => axis(`cosTheta${name}`, -1, 1, 40)),
  axis('phi', -180, 180, 36),
  axis('transverseMomentum', 0, 1, 50),
];

describe.each<[string, EvgenParameters]>([
  ['on the peak', { energyGeV: 91.19, stages: [] }],
  ['above it, three final states', { energyGeV: 200, processes: ['mu', 'c', 'b'], stages: [] }],
  [
    'near the mass of the b, with other constants',
    { energyGeV: 12, stages: [], sin2thetaEff: 0.3, mZGeV: 85, gammaZGeV: 5, alphaInverse: 137 },
  ],
])('leading order %s', (_, parameters) => {
  const counts: Record<string, number[]> = {};
  beforeAll(async () => {
    const run = await runEvgen(card(parameters, { events: EVENTS, blockEvents: EVENTS }));
    Object.assign(counts, blocksOf(run)[0]?.histograms);
  });

  it.each(AXES)('is what the generator’s $name tends to', (one) => {
    const expected = expectedCounts('evgen', { ...parameters }, one, EVENTS);
    const filled = counts[one.name];
    if (!expected || !filled) throw new Error('no histogram');
    const fit = agreement(filled, expected);
    if (!fit) {
      // A final state that the card leaves out.
      expect(Math.max(...filled, ...expected)).toBe(0);
      return;
    }
    // Five standard deviations of chi square: a wrong curve is off by hundreds.
    expect(fit.chi2).toBeLessThan(fit.bins + 5 * Math.sqrt(2 * fit.bins));
  });
});

it('knows no curve for another program or histogram', () => {
  const [one] = AXES;
  if (!one) throw new Error('no axis');
  expect(expectedCounts('other', { energyGeV: 91, stages: [] }, one, 10)).toBeNull();
  expect(expectedCounts('evgen', {}, one, 10)).toBeNull();
  // with a shower and the rest it is no longer the leading order
  expect(expectedCounts('evgen', { energyGeV: 91 }, one, 10)).toBeNull();
  expect(expectedCounts('evgen', { energyGeV: 91, stages: [] }, { ...one, name: 'thrust' }, 10)).toBeNull();
});

it('notices a curve that is wrong', () => {
  expect(agreement([0, 100, 200, 0], [200, 100])?.chi2).toBe(150);
  expect(agreement([0, 1, 0], [3])).toBeNull();
});
