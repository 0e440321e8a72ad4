import { describe, expect, it } from 'vitest';
import { CampaignDetail } from './campaign.ts';
import { crossSectionPb, yodaText } from './yoda.ts';

const detail = CampaignDetail.parse({
  id: 'c1',
  name: 'scan',
  title: 'A scan',
  application: 'evgen',
  version: '1',
  state: 'running',
  createdAt: '2026-11-24T00:00:00Z',
  units: 2,
  unitsValid: 1,
  unitsSetAside: 0,
  eventsWanted: 2000,
  eventsValid: 1000,
  description: '',
  validation: { quorum: 2 },
  axes: [{ name: 'cos', title: 'Angle: "θ"', xLabel: 'cos θ', yLabel: '', edges: [-1, 0, 1] }],
  points: [
    {
      index: 0,
      parameters: { energyGeV: 91.19 },
      units: 1,
      unitsValid: 1,
      eventsValid: 1000,
      crossSection: { maximumPb: 80_000, attempted: 2000, accepted: 1000 },
      histograms: { cos: [3, 400, 590, 7] },
    },
    { index: 1, parameters: {}, units: 1, unitsValid: 0, eventsValid: 0, crossSection: null, histograms: {} },
  ],
});

/** Reads the text as YODA's own reader does: header to '---', then rows by tabs, comments skipped. */
function read(text: string) {
  return text
    .split(/^BEGIN /m)
    .slice(1)
    .map((block) => {
      const [first = '', ...lines] = block.split('\n');
      const end = lines.findIndex((line) => line.startsWith('END '));
      const cut = lines.indexOf('---');
      const header = Object.fromEntries(lines.slice(0, cut).map((line) => line.split(/: (.*)/s).slice(0, 2)));
      const rows = lines
        .slice(cut + 1, end)
        .filter((line) => !line.startsWith('#'))
        .map((line) => line.split(/\s*\t\s*/));
      return { type: first.split(' ')[0], path: first.split(' ')[1], header, rows, end: lines[end] };
    });
}

describe('YODA text', () => {
  const [filled, empty] = read(yodaText(detail));

  it('has one Histo1D for each point and axis, at a path of its own', () => {
    expect([filled?.path, empty?.path]).toEqual(['/scan/p00/cos', '/scan/p01/cos']);
    expect([filled?.type, filled?.end]).toEqual(['YODA_HISTO1D_V2', 'END YODA_HISTO1D_V2']);
    expect(filled?.header).toMatchObject({ Path: '/scan/p00/cos', Type: 'Histo1D', YLabel: '~' });
    expect(JSON.parse(filled?.header.Title ?? '')).toBe('Angle: "θ"');
  });

  it('has the counts as sums of weights of one', () => {
    const numbers = (filled?.rows ?? []).map((row) => row.slice(2).map(Number));
    expect(filled?.rows.map(([label]) => label)).toEqual([
      'Total',
      'Underflow',
      'Overflow',
      '-1.000000e+00',
      '0.000000e+00',
    ]);
    expect(numbers.map(([w, w2, , , n]) => [w, w2, n])).toEqual([
      [1000, 1000, 1000],
      [3, 3, 3],
      [7, 7, 7],
      [400, 400, 400],
      [590, 590, 590],
    ]);
    // Moments of the bins' middles: 400 at -0.5.
    expect(numbers[3]?.slice(2, 4)).toEqual([-200, 100]);
  });

  it('keeps every digit of large counts', () => {
    const [point] = detail.points;
    const large = { ...detail, points: [{ ...point, histograms: { cos: [0, 123_456_789_012, 0, 0] } }] };
    const [one] = read(yodaText(large as CampaignDetail));
    expect(Number(one?.rows[3]?.[2])).toBe(123_456_789_012);
  });

  it('gives fixed-point sums as sums of weights, with the squares where they are kept', () => {
    const axis = { ...detail.axes[0], scale: 100, per: 'n', squares: 'cosSquares' };
    const [point] = detail.points;
    const weighted = {
      ...detail,
      axes: [axis],
      points: [{ ...point, histograms: { cos: [0, 250, 50, 0], cosSquares: [0, 125, 25, 0] } }],
    };
    const [one] = read(yodaText(weighted as CampaignDetail));
    expect(one?.rows.slice(3).map((row) => row.slice(2, 4).map(Number))).toEqual([
      [2.5, 1.25],
      [0.5, 0.25],
    ]);
  });

  it('is there for points with nothing merged', () => {
    expect(empty?.rows.every((row) => row.slice(2).every((cell) => Number(cell) === 0))).toBe(true);
    expect(empty?.header).not.toHaveProperty('CrossSectionPb');
  });
});

it('works cross-sections out of attempts, with the binomial error', () => {
  const [first, second] = detail.points;
  expect(first && crossSectionPb(first)).toEqual({ value: 40_000, error: 80_000 * Math.sqrt(0.25 / 2000) });
  expect(second && crossSectionPb(second)).toBeNull();
});
