import { expect, it } from 'vitest';
import { energyKwh, milestones } from './milestones.ts';

it('tells what is reached and how far the next is', () => {
  const { reached, next } = milestones(25_000_000, 8);
  expect(reached).toEqual([
    { kind: 'events', at: 1e6 },
    { kind: 'events', at: 1e7 },
    { kind: 'days', at: 1 },
    { kind: 'days', at: 7 },
  ]);
  expect(next).toEqual([
    { kind: 'events', at: 1e8, fraction: 0.25 },
    { kind: 'days', at: 30, fraction: 8 / 30 },
  ]);
});

it('has an end', () => expect(milestones(1e14, 5000).next).toEqual([]));

it('estimates energy at 8 watts a core', () => expect(energyKwh(3600 * 1000)).toBe(8));
