import { expect, test } from 'vitest';
import type { CampaignState } from '../../protocol/campaign.ts';
import { type CampaignAction, shownState, stateAfter } from './life.ts';

test.each<[CampaignState, CampaignAction, CampaignState | RegExp]>([
  ['running', 'pause', 'paused'],
  ['running', 'resume', 'running'],
  ['running', 'cancel', 'cancelled'],
  ['running', 'extend', 'running'],
  ['paused', 'pause', 'paused'],
  ['paused', 'resume', 'running'],
  ['paused', 'cancel', 'cancelled'],
  ['paused', 'extend', 'paused'],
  ['cancelled', 'pause', /for good; clone it/],
  ['cancelled', 'resume', /for good; clone it/],
  ['cancelled', 'cancel', 'cancelled'],
  ['cancelled', 'extend', /for good; clone it/],
  ['complete', 'pause', /nothing to pause; extend it/],
  ['complete', 'resume', /nothing to resume; extend it/],
  ['complete', 'cancel', /nothing to cancel; extend it/],
  ['complete', 'extend', 'running'],
])('%s, %s: %s', (state, action, expected) => {
  const after = stateAfter(state, action);
  if (typeof expected === 'string') expect(after).toEqual({ state: expected });
  else expect(after).toEqual({ refused: expect.stringMatching(expected) });
});

const deadline = new Date('2026-12-01T00:00:00.000Z');
test.each<[CampaignState, string | null, number, CampaignState, string | RegExp | null]>([
  ['running', null, -1, 'running', null],
  ['running', null, 0, 'paused', /^its deadline, 2026-12-01T00:00:00\.000Z, has passed/],
  ['paused', 'by hand', 1, 'paused', 'by hand'],
  ['complete', 'paused before its last results came', 1, 'complete', null],
  ['cancelled', 'wrong tune', 1, 'cancelled', 'wrong tune'],
])('%s (%s) %d ms after its deadline is shown as %s (%s)', (state, reason, ms, shown, why) => {
  const now = new Date(deadline.getTime() + ms);
  expect(shownState({ state, reason, deadline, canary: null }, now)).toEqual({
    state: shown,
    reason: why instanceof RegExp ? expect.stringMatching(why) : why,
  });
});

test.each<[CampaignState, string | null]>([
  ['running', null],
  ['paused', 'by hand'],
  ['cancelled', 'by hand'],
  ['complete', null],
])('%s, without a deadline, is shown as it is', (state, shown) => {
  const row = { state, reason: 'by hand', deadline: null, canary: null };
  expect(shownState(row, deadline)).toEqual({ state, reason: shown });
});

test('a campaign that runs on few computers says so', () => {
  const row = { state: 'running', reason: null, deadline: null, canary: { hosts: 5, units: 50 } } as const;
  expect(shownState(row, deadline)).toEqual({
    state: 'running',
    reason: 'its release is new and goes to 5 computers only, until 50 work units are valid',
  });
});
