import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ReferenceTable } from '../../protocol/reference.ts';
import { HistogramAxis, Release } from '../../protocol/release.ts';
import { type Counted, compare, derive, figureOf, NotComparable, pull } from './compare.ts';
import { loadFigures, loadTables } from './load.ts';

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

describe('chi square', () => {
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

  it('adds errors in quadrature, takes the one on the model’s side, leaves bins without error out', () => {
    const { chi2, n, bins } = compare(counted, table);
    const [first, second] = bins.map(pull);
    expect(first).toBeCloseTo(-0.05 / Math.hypot(0.1, 0.05), 12);
    expect(second).toBeCloseTo(0.05 / Math.hypot(0.1, Math.sqrt(0.5 / 100)), 12);
    expect(n).toBe(2);
    expect(chi2).toBeCloseTo((first ?? 0) ** 2 + (second ?? 0) ** 2, 12);
  });
});

describe('the data', async () => {
  const document = parse(await readFile(new URL('../evgen/release.yaml', import.meta.url), 'utf8'));
  const axes = Release.shape.histograms.parse(document.histograms);
  const empty: Counted = {
    axes,
    histograms: Object.fromEntries(
      axes.map(({ name, edges }) => [name, new Array(edges.length + 1).fill(1)]),
    ),
  };
  const tables = await loadTables();

  it.each(tables.map((table) => [table.id, table] as const))(
    '%s fits histograms of the release',
    (_, table) => {
      expect(compare(empty, table).n).toBeGreaterThan(10);
      for (const [i, [low, high]] of table.bins.entries()) {
        expect(high).toBeGreaterThan(low);
        if (i > 0) expect(low).toBeCloseTo(table.bins[i - 1]?.[1] ?? Number.NaN, 6);
      }
    },
  );

  it('densities of event shapes are of one an event', () => {
    for (const { id, derivation, bins } of tables) {
      if (derivation.from !== 'density' || !/thrust|^c-|sphericity|y23/.test(id)) continue;
      const area = bins.reduce((total, [low, high, value]) => total + (high - low) * value, 0);
      expect(area, id).toBeGreaterThan(0.97);
      expect(area, id).toBeLessThan(1.03);
    }
  });

  it('every figure can be made from the release’s histograms', async () => {
    const figures = await loadFigures();
    expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
    for (const figure of figures) expect(() => figureOf(empty, figure), figure.id).not.toThrow();
  });
});
