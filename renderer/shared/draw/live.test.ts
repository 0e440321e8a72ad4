import { expect, it } from 'vitest';
import { busyState } from '../../testkit/states.ts';
import { liveCounted } from './live.ts';

it('counts for a point only what is of it', () => {
  const { histograms, filled } = busyState();
  expect(liveCounted(histograms, filled)).toMatchObject({ events: 152_710_000, histograms: filled?.counts });
  const ofAnother = filled && { ...filled, point: 'another' };
  for (const late of [ofAnother, null]) {
    const { events, axes, histograms: counts } = liveCounted(histograms, late);
    expect(events).toBe(0);
    expect(axes).toBe(histograms?.axes);
    expect(counts.cosTheta).toEqual(new Array(42).fill(0));
  }
  expect(liveCounted(null, filled)).toEqual({ events: 0, axes: [], histograms: {} });
});
