import { describe, expect, it } from 'vitest';
import { type Comparison, compare } from '../../protocol/compare.ts';
import { loadTables } from '../reference/load.ts';
import { picture } from './picture.ts';

describe('a picture of a comparison', async () => {
  const [table] = (await loadTables()).filter(({ id }) => id === 'thrust-charged-delphi-1996');
  if (!table) throw new Error('no table');
  const bins: Comparison['bins'] = table.bins.map(([low, high, data, errorDown, errorUp]) => ({
    low,
    high,
    data,
    errorDown,
    errorUp,
    model: data,
    modelError: 0,
  }));
  const svg = picture(table, { bins, chi2: 31, n: 20 });

  it('names data, paper and chi square, and has a point for each bin', () => {
    expect(svg).toContain('DELPHI, Z. Phys. C 73 (1996) 11; 91.2 GeV');
    expect(svg).toContain('chi2/N 1.55, N 20');
    expect(svg.match(/<circle/g)).toHaveLength(bins.length);
    expect(svg).not.toContain('NaN');
  });

  it('draws the ratio of a perfect model as a straight line at one', () => {
    const paths = [...svg.matchAll(/<path d="(M[^"]+)"\/>/g)].map(([, path = '']) => path);
    const ratio = paths.find((path) => path.startsWith('M64 356H'));
    expect(new Set([...(ratio ?? '').matchAll(/ ([\d.]+)H/g)].map(([, y]) => y))).toEqual(new Set(['356']));
  });

  it('stays within its frame whatever the model says', () => {
    const wild = bins.map((bin, i) => ({ ...bin, model: i % 2 ? 0 : bin.data * 1e6 }));
    const numbers = [...picture(table, { bins: wild, chi2: 1, n: 1 }).matchAll(/c[xy]="([^"]+)"/g)].map(
      ([, n]) => Number(n),
    );
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThanOrEqual(560);
  });

  it('needs the histograms it compares', () => {
    expect(() => compare({ axes: [], histograms: {} }, table)).toThrow(
      'there is no histogram "chargedOneMinusT"',
    );
  });
});
