import { expect, test } from 'vitest';
import type { CampaignOutline, CampaignPoint, PointOutline } from '../../protocol/campaign.ts';
import { applyDelta, CampaignDelta } from '../../protocol/live.ts';
import type { CampaignReading } from '../campaigns/read.ts';
import { Feed, type News } from './feed.ts';

const point = (index: number, unitsValid: number): PointOutline => ({
  ...{ index, unitsValid, parameters: {}, units: 100, eventsValid: 10 * unitsValid, crossSection: null },
  relativeError: null,
});
const whole = (index: number, unitsValid: number): CampaignPoint => ({
  ...point(index, unitsValid),
  histograms: { a: [0, unitsValid, 0] },
});

function reading(
  version: string,
  unitsValid: number,
  points: readonly PointOutline[],
  wholes: readonly CampaignPoint[] = [],
): CampaignReading {
  const outline: CampaignOutline = {
    ...{ id: 'c1', name: 'one', title: 'One', application: 'model', version: '1', state: 'running' },
    ...{ createdAt: '2026-11-28T12:00:00.000Z', units: 200, unitsValid, unitsSetAside: 0 },
    ...{ eventsWanted: 2000, eventsValid: 10 * unitsValid },
    ...{ reason: null, owner: 'staff', priority: 0, deadline: null },
    ...{ adaptive: null, description: '', validation: { quorum: 1 } },
    ...{ axes: [], references: [], points: [...points] },
  };
  const pointVersions = Object.fromEntries(points.map(({ index }) => [index, version]));
  return { version, outline, whole: wholes, pointVersions };
}

interface Told {
  readonly event: string;
  readonly id: string | null;
  readonly data: unknown;
}

function told(news: News | null): Told[] {
  return (news?.parts ?? []).map((bytes) => {
    const [, event = '', id, json = ''] =
      /^event: (\w+)\n(?:id: (\S+)\n)?data: (.*)\n\n$/.exec(new TextDecoder().decode(bytes)) ?? [];
    return { event, id: id ?? null, data: JSON.parse(json) };
  });
}

function delta(news: News | null): CampaignDelta {
  const [first] = told(news);
  expect(first?.event).toBe('delta');
  return CampaignDelta.parse(first?.data);
}

test('who keeps up shares the same bytes, and who is late gets the newest of all it missed', () => {
  const first = reading('1', 0, [point(0, 0), point(1, 0)]);
  const feed = new Feed(first);
  const start = feed.first([]);
  expect(feed.first([]).parts[0]).toBe(start.parts[0]);
  expect(feed.since(start.step, [])).toBeNull();
  expect(feed.pointVersions).toEqual({ 0: '1', 1: '1' });

  feed.put(reading('2', 1, [point(0, 1)]));
  const second = feed.since(start.step, []);
  expect(feed.since(start.step, [])?.parts[0]).toBe(second?.parts[0]);
  expect(delta(second).points).toEqual([point(0, 1)]);
  feed.put(reading('3', 2, [point(0, 2)]));
  feed.put(reading('4', 3, [point(1, 1)]));
  expect(feed.pointVersions).toEqual({ 0: '3', 1: '4' });

  const late = delta(feed.since(start.step, []));
  expect(late.points).toEqual([point(0, 2), point(1, 1)]);
  expect(applyDelta(first.outline, late)).toEqual(reading('4', 3, [point(0, 2), point(1, 1)]).outline);
  expect(delta(feed.since(second?.step ?? 0, [])).summary.unitsValid).toBe(3);
});

test('a row that has changed in nothing that is shown wakes nobody', () => {
  const feed = new Feed(reading('1', 0, [point(0, 0)]));
  let woken = 0;
  const forget = feed.onNews(() => {
    woken += 1;
  });
  feed.put(reading('2', 0, []));
  expect([feed.version, woken, feed.since(0, [])]).toEqual(['2', 0, null]);
  feed.put(reading('3', 1, []));
  expect([woken, delta(feed.since(0, [])).points]).toEqual([1, []]);
  forget();
  feed.put(reading('4', 2, []));
  expect(woken).toBe(1);
});

test('histograms are told of the points that a listener wants, and held of no others', () => {
  const feed = new Feed(reading('1', 0, [point(0, 0), point(1, 0)]));
  const { points, leave } = feed.watch([1, 1, 7]);
  expect([points, feed.watched, feed.isBehind]).toEqual([[1], [1], true]);
  // It is read again until its histograms are those of the version that is told.
  expect(feed.pointVersions).toEqual({ 0: '1' });
  feed.putPoints(reading('1', 0, [point(1, 0)], [whole(1, 0)]));
  expect([feed.isBehind, feed.pointVersions]).toEqual([false, { 0: '1', 1: '1' }]);

  const start = feed.first(points);
  expect(told(start).map(({ event }) => event)).toEqual(['snapshot', 'point']);
  expect(told(start)[1]?.data).toEqual(whole(1, 0));
  expect(told(feed.first([])).map(({ event }) => event)).toEqual(['snapshot']);

  feed.put(reading('2', 1, [point(0, 1)]));
  expect(told(feed.since(start.step, points)).map(({ event }) => event)).toEqual(['delta']);
  feed.put(reading('3', 2, [point(1, 1)], [whole(1, 1)]));
  expect(told(feed.since(start.step, points)).map(({ data }) => data)).toContainEqual(whole(1, 1));
  leave();
  expect([feed.watched, feed.isBehind]).toEqual([[], false]);
});

test('a slow look does not put an old histogram over a newer one', () => {
  const feed = new Feed(reading('1', 0, [point(0, 0)]));
  const { points } = feed.watch([0]);
  feed.put(reading('2', 1, [point(0, 1)], [whole(0, 1)]));
  feed.putPoints(reading('1', 0, [point(0, 0)], [whole(0, 0)]));
  expect(told(feed.first(points))[1]?.data).toEqual(whole(0, 1));
  // One that was read without histograms, while they were asked for, is read again.
  feed.put(reading('3', 2, [point(0, 2)]));
  expect([feed.isBehind, feed.pointVersions]).toEqual([true, {}]);
});

test('who comes back for other points is told what has changed since, and a stranger all', () => {
  const feed = new Feed(reading('1', 0, [point(0, 0), point(1, 0)]));
  const [start] = told(feed.first([]));
  expect(told(feed.first([], start?.id))).toEqual([]);
  feed.put(reading('2', 1, [point(0, 1)]));
  const [news] = told(feed.first([], start?.id));
  expect([news?.event, CampaignDelta.parse(news?.data).points]).toEqual(['delta', [point(0, 1)]]);
  for (const since of [`${start?.id}9`, 'x.1', `${start?.id?.split('.')[0]}.x`, ''])
    expect(told(feed.first([], since))[0]?.event).toBe('snapshot');
});
