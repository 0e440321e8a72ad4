import { createHistogram, parse } from 'jsroot/core';
import { expect, it } from 'vitest';
import { HistogramAxis } from '../../protocol/release.ts';
import { rootHistogram } from '../../protocol/root-json.ts';

const axis = HistogramAxis.parse({
  ...{ name: 'thrust', title: 'Thrust', xLabel: 'T', yLabel: 'events', edges: [0.5, 0.6, 1] },
});
const point = {
  index: 3,
  histograms: { thrust: [1, 4, 9, 2], plain: [0, 10, 20, 0], squared: [0, 6, 30, 0] },
};
/** As JSROOT has it after reading the text. */
const read = (change: Partial<HistogramAxis> = {}) =>
  parse(JSON.stringify(rootHistogram('lep', point, { ...axis, ...change })));

it('is a TH1D with all that one has, as JSROOT itself makes it', () => {
  const own = createHistogram('TH1D', 2);
  const members = (object: object) =>
    Object.entries(object)
      .filter(([, value]) => typeof value !== 'function')
      .map(([name]) => name)
      .sort();
  const made = read();
  expect(members(made)).toEqual(members(own));
  expect(members(made.fXaxis)).toEqual(members(own.fXaxis));
  expect(made).toMatchObject({ _typename: 'TH1D', fName: 'lep_p03_thrust', fTitle: 'Thrust', fNcells: 4 });
});

it('has the campaign’s contents, errors, edges and moments', () => {
  const made = read();
  expect([0, 1, 2, 3].map((bin) => made.getBinContent(bin))).toEqual([1, 4, 9, 2]);
  expect([1, 2].map((bin) => made.getBinError(bin))).toEqual([2, 3]);
  expect(made.fXaxis).toMatchObject({ fNbins: 2, fXmin: 0.5, fXmax: 1, fXbins: [0.5, 0.6, 1] });
  expect(made.fEntries).toBe(16);
  expect(made.fTsumw).toBe(13);
  expect(made.fTsumwx / made.fTsumw).toBeCloseTo((4 * 0.55 + 9 * 0.8) / 13, 12);
});

it('fixed-point sums stand for weights, their squares for the errors; bins that are called something are', () => {
  const made = read({ name: 'plain', scale: 10, squares: 'squared', binLabels: ['e', 'μ'] });
  expect([1, 2].map((bin) => made.getBinContent(bin))).toEqual([1, 2]);
  expect([1, 2].map((bin) => made.getBinError(bin) ** 2)).toEqual([
    expect.closeTo(0.6, 12),
    expect.closeTo(3, 12),
  ]);
  expect(made.fXaxis.fLabels?.arr).toMatchObject([
    { fUniqueID: 1, fString: 'e' },
    { fUniqueID: 2, fString: 'μ' },
  ]);
});

it('where nothing is merged yet all bins are empty', () => {
  const made = parse(JSON.stringify(rootHistogram('lep', { index: 0, histograms: {} }, axis)));
  expect([...made.fArray]).toEqual([0, 0, 0, 0]);
});
