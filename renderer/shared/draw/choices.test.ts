import { expect, it } from 'vitest';
import { ReferenceTable } from '../../../protocol/reference.ts';
import { HistogramAxis } from '../../../protocol/release.ts';
import { choicesOf, chosenOf, isSameChoices } from './choices.ts';

const axis = (name: string, more: Partial<HistogramAxis> = {}) =>
  HistogramAxis.parse({ name, title: name, xLabel: '', yLabel: '', edges: [0, 1], ...more });
const table = (id: string, derivation: ReferenceTable['derivation']) =>
  ReferenceTable.parse({
    ...{ id, title: '', experiment: '', paper: '', hepdata: '', xLabel: '', yLabel: '', derivation },
    ...{ energyGeV: 91.2, particles: 'all', bins: [[0, 1, 1, 0.1, 0.1]] },
  });
const axes = [
  axis('n'),
  axis('thrust', { per: 'n' }),
  axis('weights', { per: 'n', squares: 'squares' }),
  axis('squares', { per: 'n' }),
  axis('phi'),
];
const thrust = table('thrust-1', { from: 'density', histogram: 'thrust' });
const rate = table('rate-1', { from: 'rate', upper: 'weights', lower: 'thrust' });
const counted = (n: number) => ({
  axes,
  histograms: Object.fromEntries(axes.map(({ name }) => [name, [0, name === 'n' ? n : 5, 0]])),
});
const names = ({ axes: of }: { axes: readonly HistogramAxis[] }) => of.map(({ name }) => name);

it('offers tables and the histograms beside them, but none that only helps others', () => {
  const choices = choicesOf(counted(9), [thrust, rate], 9);
  expect(choices.tables).toEqual([thrust, rate]);
  expect(names(choices)).toEqual(['weights', 'phi']);
  expect(names(choicesOf(counted(9), [rate], 9))).toEqual(['thrust', 'weights', 'phi']);
});

it('offers no table where there are events, but none of the measured kind; before the first event all', () => {
  expect(choicesOf(counted(0), [thrust], 9).tables).toEqual([]);
  expect(names(choicesOf(counted(0), [thrust], 9))).toEqual(['thrust', 'weights', 'phi']);
  expect(choicesOf(counted(0), [thrust], 0).tables).toEqual([thrust]);
});

it('knows whether there is the same to choose from', () => {
  const before = choicesOf(counted(9), [thrust], 9);
  expect(isSameChoices(before, choicesOf(counted(10), [thrust], 10))).toBe(true);
  expect(isSameChoices(before, choicesOf(counted(0), [thrust], 9))).toBe(false);
});

it('shows the chosen one while it exists, else one with data, else the first', () => {
  const choices = choicesOf(counted(9), [thrust], 9);
  expect(chosenOf(choices, 'phi')).toMatchObject({ key: 'phi', axis: { name: 'phi' } });
  expect(chosenOf(choices, 'gone')).toEqual({ key: 'data:thrust-1', table: thrust });
  expect(chosenOf(choicesOf(counted(9), [], 9), 'data:thrust-1')).toMatchObject({ key: 'thrust' });
  expect(chosenOf({ tables: [], axes: [] }, '')).toBeNull();
});
