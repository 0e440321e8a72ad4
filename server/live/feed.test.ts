import { expect, test } from 'vitest';
import type { CampaignDetail, CampaignPoint } from '../../protocol/campaign.ts';
import { applyDelta, CampaignDelta } from '../../protocol/live.ts';
import type { CampaignReading } from '../campaigns/read.ts';
import { Feed, type Message } from './feed.ts';

const point = (index: number, unitsValid: number): CampaignPoint => ({
  ...{ index, unitsValid, parameters: {}, units: 100, eventsValid: 10 * unitsValid, crossSection: null },
  relativeError: null,
  histograms: { a: [0, unitsValid, 0] },
});

function reading(version: string, unitsValid: number, points: readonly CampaignPoint[]): CampaignReading {
  const detail: CampaignDetail = {
    ...{ id: 'c1', name: 'one', title: 'One', application: 'model', version: '1', state: 'running' },
    ...{ createdAt: '2026-11-28T12:00:00.000Z', units: 200, unitsValid, unitsSetAside: 0 },
    ...{
      eventsWanted: 2000,
      eventsValid: 10 * unitsValid,
      reason: null,
      owner: 'staff',
      priority: 0,
      deadline: null,
    },
    ...{ adaptive: null, description: '', validation: { quorum: 1 } },
    ...{ axes: [], references: [], points: [...points] },
  };
  const pointVersions = Object.fromEntries(points.map(({ index }) => [index, version]));
  return { version, detail, pointVersions };
}

function delta(message: Message | null): CampaignDelta {
  const text = new TextDecoder().decode(message?.bytes);
  const [, json = ''] = /^event: delta\ndata: (.*)\n\n$/.exec(text) ?? [];
  return CampaignDelta.parse(JSON.parse(json));
}

test('who keeps up shares the same bytes, and who is late gets the newest of all it missed', () => {
  const first = reading('1', 0, [point(0, 0), point(1, 0)]);
  const feed = new Feed(first);
  const start = feed.snapshot();
  expect(feed.snapshot().bytes).toBe(start.bytes);
  expect(feed.since(start.step)).toBeNull();
  expect(feed.pointVersions).toEqual({ 0: '1', 1: '1' });

  feed.put(reading('2', 1, [point(0, 1)]));
  const second = feed.since(start.step);
  expect(feed.since(start.step)?.bytes).toBe(second?.bytes);
  expect(delta(second).points).toEqual([point(0, 1)]);
  feed.put(reading('3', 2, [point(0, 2)]));
  feed.put(reading('4', 3, [point(1, 1)]));
  expect(feed.pointVersions).toEqual({ 0: '3', 1: '4' });

  const late = delta(feed.since(start.step));
  expect(late.points).toEqual([point(0, 2), point(1, 1)]);
  expect(applyDelta(first.detail, late)).toEqual(reading('4', 3, [point(0, 2), point(1, 1)]).detail);
  expect(delta(feed.since(second?.step ?? 0)).summary.unitsValid).toBe(3);
});

test('a row that has changed in nothing that is shown wakes nobody', () => {
  const feed = new Feed(reading('1', 0, [point(0, 0)]));
  let woken = 0;
  const forget = feed.onNews(() => {
    woken += 1;
  });
  feed.put(reading('2', 0, []));
  expect([feed.version, woken, feed.since(0)]).toEqual(['2', 0, null]);
  feed.put(reading('3', 1, []));
  expect([woken, delta(feed.since(0)).points]).toEqual([1, []]);
  forget();
  feed.put(reading('4', 2, []));
  expect(woken).toBe(1);
});
