import { expect, test } from 'vitest';
import { ShellSettings } from '../../protocol/shell.ts';
import { NOTHING_KNOWN } from '../engine/view.ts';
import { contributionNotices, milestoneOf, Told } from './decide.ts';

const { notify } = ShellSettings.parse({});
const view = (unitsValid: number, eventsValid: number) => ({
  ...NOTHING_KNOWN,
  contribution: { unitsValid, eventsValid },
});

test('milestones are powers of ten from a thousand on', () => {
  expect([0, 999, 1000, 9999, 10_000, 5e9].map(milestoneOf)).toEqual([0, 0, 1000, 1000, 10_000, 1e9]);
});

test('the first valid unit and each milestone are told once', () => {
  let told = Told.parse({});
  const tell = (units: number, events: number) => {
    const step = contributionNotices(told, view(units, events), notify);
    told = step.told;
    return step.notices;
  };
  expect(tell(0, 0)).toEqual([]);
  expect(tell(1, 500)).toEqual([{ kind: 'firstValidated' }]);
  expect(tell(2, 1000)).toEqual([{ kind: 'milestone', events: 1000 }]);
  expect(tell(3, 1500)).toEqual([]);
  expect(tell(99, 200_000)).toEqual([{ kind: 'milestone', events: 100_000 }]);
});

test('a history from before is no news, and what is switched off stays untold when it is switched on', () => {
  const first = contributionNotices(Told.parse({}), view(500, 2e6), notify);
  expect(first).toMatchObject({ notices: [], told: { firstValidated: true, milestone: 1e6 } });
  const off = { firstValidated: false, milestone: false, attention: false };
  const known = Told.parse({ milestone: 0 });
  const quiet = contributionNotices(known, view(1, 1000), off);
  expect(quiet.notices).toEqual([]);
  expect(contributionNotices(quiet.told, view(1, 1000), notify).notices).toEqual([]);
});
