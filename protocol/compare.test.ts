import { describe, expect, it } from 'vitest';
import {
  type Counted,
  compare,
  comparisonProblem,
  derive,
  eventsOf,
  figureOf,
  NotComparable,
  perEvent,
  pull,
  tablesAt,
} from './compare.ts';
import type { ReferenceTable } from './reference.ts';
import { HistogramAxis, Release } from './release.ts';

const axis = (name: string, edges: number[], more: Partial<HistogramAxis> = {}) =>
  HistogramAxis.parse({ name, title: name, xLabel: '', yLabel: '', edges, per: 'n', ...more });

const counted: Counted = {
  axes: [
    axis('n', [0, 1], { per: undefined }),
    axis('x', [0, 1, 2, 4]),
    axis('w', [-1, 0, 1], { scale: 10, squares: 'w2' }),
    axis('w2', [-1, 0, 1], { scale: 10 }),
    axis('y12', [-3, -2, -1]),
    axis('y23', [-3, -2, -1]),
    axis('kind', [0.5, 1.5, 2.5], { binLabels: ['a', 'b'] }),
    axis('even', [-1, 1, 3, 5]),
  ],
  histograms: {
    n: [0, 100, 0],
    x: [5, 25, 50, 16, 4],
    // Each event gives 0.5 to the first bin, half of them 0.4 to the second.
    w: [0, 500, 200, 0],
    w2: [0, 250, 80, 0],
    y12: [0, 0, 10, 90],
    y23: [20, 30, 40, 10],
    kind: [0, 300, 12, 0],
    even: [0, 10, 20, 70, 0],
  },
};

describe('quantities from counts', () => {
  it('density: bins put together, over events and width', () => {
    expect(derive(counted, { from: 'density', histogram: 'x' }, 0, 2)).toEqual({
      value: 75 / 100 / 2,
      error: Math.sqrt(0.75 / 100) / 2,
    });
    expect(derive(counted, { from: 'probability', histogram: 'x' }, 2, 4).value).toBe(0.16);
  });

  it('sums of weights: scale taken out, error from the squares', () => {
    const first = derive(counted, { from: 'density', histogram: 'w' }, -1, 0);
    expect(first).toEqual({ value: 0.5, error: 0 });
    const second = derive(counted, { from: 'density', histogram: 'w' }, 0, 1);
    expect(second.value).toBeCloseTo(0.2, 12);
    expect(second.error).toBeCloseTo(Math.sqrt((0.08 - 0.04) / 100), 12);
    expect(derive(counted, { from: 'asymmetry', histogram: 'w' }, -1, 0).value).toBeCloseTo(0.3, 12);
  });

  it('rates of jets, at the low edge', () => {
    const rate = (x: number) => derive(counted, { from: 'rate', upper: 'y23', lower: 'y12' }, x, x + 1).value;
    expect(rate(-3)).toBeCloseTo(0.2, 12);
    expect(rate(-2)).toBeCloseTo(0.5, 12);
    expect(rate(-1)).toBeCloseTo(0.9 - 0.1, 12);
  });

  it('means and numbers', () => {
    expect(figureOf(counted, { figure: { of: 'mean', histogram: 'even' } }).value).toBeCloseTo(3.2, 12);
    const kind = { of: 'number', histogram: 'kind', label: 'b' } as const;
    expect(figureOf(counted, { figure: kind })).toEqual({ value: 0.12, error: Math.sqrt(0.12 / 100) });
    expect(() => figureOf(counted, { figure: { ...kind, label: 'c' } })).toThrow(NotComparable);
  });

  it('does not guess where bins do not fit', () => {
    expect(() => derive(counted, { from: 'density', histogram: 'x' }, 0, 1.5)).toThrow(/no edge at 1.5/);
    expect(() => derive(counted, { from: 'density', histogram: 'z' }, 0, 1)).toThrow(NotComparable);
  });
});

const table: ReferenceTable = {
  id: 'x',
  title: '',
  experiment: '',
  paper: '',
  hepdata: '',
  energyGeV: 91.2,
  particles: 'all',
  derivation: { from: 'density', histogram: 'x' },
  xLabel: '',
  yLabel: '',
  logX: false,
  logY: false,
  bins: [
    [0, 1, 0.3, 0.1, 0.3],
    [1, 2, 0.45, 0.3, 0.1],
    [2, 4, 0.5, 0, 0],
  ],
};

describe('chi square', () => {
  it('adds errors in quadrature, takes the one on the model’s side, leaves bins without error out', () => {
    const { chi2, n, bins } = compare(counted, table);
    const [first, second] = bins.map(pull);
    expect(first).toBeCloseTo(-0.05 / Math.hypot(0.1, 0.05), 12);
    expect(second).toBeCloseTo(0.05 / Math.hypot(0.1, Math.sqrt(0.5 / 100)), 12);
    expect(n).toBe(2);
    expect(chi2).toBeCloseTo((first ?? 0) ** 2 + (second ?? 0) ** 2, 12);
  });
});

it('gives each bin for each event, and how many events a comparison rests on', () => {
  const { events, bins } = perEvent(counted, 'w');
  expect(events).toBe(100);
  expect(bins.map(({ value }) => value)).toEqual([0.5, 0.2]);
  expect(bins[1]?.error).toBeCloseTo(Math.sqrt((0.08 - 0.04) / 100), 12);
  expect(eventsOf(counted, { from: 'rate', upper: 'y23', lower: 'y12' })).toBe(100);
  const none = { ...counted, histograms: { ...counted.histograms, n: [0, 0, 0] } };
  expect(eventsOf(none, table.derivation)).toBe(0);
});

it('takes the tables that were measured at the energy of the point', () => {
  expect(tablesAt([table], { energyGeV: 91.19 })).toEqual([table]);
  expect(tablesAt([table], { energyGeV: 91.6 })).toEqual([table]);
  for (const energyGeV of [91.7, 90.7, '91.2', undefined])
    expect(tablesAt([table], { energyGeV })).toEqual([]);
});

describe('a release', () => {
  const release = (references: ReferenceTable[]) =>
    Release.safeParse({
      application: 'a',
      version: '1',
      title: 'A',
      description: '',
      licence: 'Apache-2.0',
      programs: { 'wasm32-wasi': { sha256: '0'.repeat(64), bytes: 1 } },
      parameters: {},
      histograms: counted.axes,
      references,
      limits: { memoryMb: 1, wallSeconds: 1, outputBytes: 1 },
      referenceMicrosecondsPerEvent: 1,
    });
  const wrong = (references: ReferenceTable[]) =>
    release(references).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

  it('carries measured data that its histograms can be compared with', () => {
    expect(release([table]).data?.references).toEqual([table]);
  });

  it('is refused with data that fit no histogram, or twice the same', () => {
    const elsewhere = { ...table, id: 'z', derivation: { from: 'density', histogram: 'z' } } as const;
    expect(comparisonProblem(counted.axes, elsewhere)).toBe('there is no histogram "z"');
    expect(wrong([table, elsewhere])).toEqual(['references.1: there is no histogram "z"']);
    expect(wrong([{ ...table, bins: [[0, 1.5, 1, 0, 0]] }])).toEqual([
      'references.0: "x" has no edge at 1.5',
    ]);
    expect(wrong([table, table])).toEqual(['references.1: another table is called "x"']);
  });
});
