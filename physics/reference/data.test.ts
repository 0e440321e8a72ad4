import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Counted, compare, figureOf } from '../../protocol/compare.ts';
import { Release } from '../../protocol/release.ts';
import { loadFigures, loadTables } from './load.ts';

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

  it('goes with the release: every table, thrust first', () => {
    const names = document.references.map((path: string) => path.replace(/^.*\/(.*)\.json$/, '$1'));
    expect(names[0]).toBe('thrust-aleph-2004');
    expect([...names].sort()).toEqual(tables.map(({ id }) => id));
  });

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
