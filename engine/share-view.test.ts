import { expect, it } from 'vitest';
import { CampaignDetail } from '../protocol/campaign.ts';
import { shareOf } from './share-view.ts';

const axes = [{ name: 'h', title: 'h', xLabel: '', yLabel: '', edges: [0, 1, 2] }];
const table = {
  ...{ id: 't', title: '', experiment: '', paper: '', hepdata: '', xLabel: '', yLabel: '' },
  energyGeV: 91.2,
  particles: 'all',
  derivation: { from: 'probability', histogram: 'h' },
  bins: [[0, 1, 0.5, 0.1, 0.1]],
};
const point = (index: number, energyGeV: number) => ({
  ...{ index, parameters: { energyGeV }, units: 1, unitsValid: 1, eventsValid: 10, crossSection: null },
  histograms: { h: [0, 4, 6, 0] },
});
const detail = CampaignDetail.parse({
  ...{ id: 'c1', name: 'c', title: 'C', application: 'a', version: '1', state: 'running' },
  ...{ createdAt: '2026-11-01T09:00:00Z', units: 2, unitsValid: 2, unitsSetAside: 0 },
  ...{ eventsWanted: 20, eventsValid: 20, description: '', validation: { quorum: 1 } },
  axes,
  references: [table],
  points: [point(0, 91.19), point(1, 89.4)],
});

it('gives each point what was measured at its energy, and what of it is from here', () => {
  const parameters = JSON.stringify({ energyGeV: 91.19 });
  const [atPeak, below] = shareOf(detail, [{ parameters, events: 3, counts: { h: [0, 1, 2, 0] } }]);
  expect(atPeak?.references.map(({ id }) => id)).toEqual(['t']);
  expect(atPeak).toMatchObject({ eventsMine: 3, countsMine: { h: [0, 1, 2, 0] } });
  expect(below).toMatchObject({ references: [], eventsMine: 0, countsMine: { h: [0, 0, 0, 0] } });
});
