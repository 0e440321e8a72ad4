import { expect, test } from 'vitest';
import { RateMeter } from './rate-meter.ts';

test('the rate is of the last minute, or of the time since the beginning while that is shorter', () => {
  const meter = new RateMeter();
  expect(meter.rate(0)).toBe(0);
  meter.begin(0);
  for (let second = 1; second <= 10; second++) meter.add(second * 1000, 50);
  expect(meter.rate(10_000)).toBeCloseTo(50);
  for (let second = 11; second <= 300; second++) meter.add(second * 1000, 100);
  expect(meter.rate(300_000)).toBeCloseTo(100, 0);
});

test('it fades when nothing comes and starts anew after a silence', () => {
  const meter = new RateMeter();
  meter.begin(0);
  meter.add(1000, 600);
  expect(meter.rate(31_000)).toBeCloseTo(600 / 31);
  expect(meter.isQuiet(62_000)).toBe(true);
  expect(meter.rate(62_000)).toBe(0);
  meter.begin(100_000);
  meter.add(101_000, 10);
  expect(meter.rate(101_000)).toBeCloseTo(10);
});

test('a program that tells every event costs a bounded memory and gives the same rate', () => {
  const meter = new RateMeter();
  meter.begin(0);
  for (let ms = 1; ms <= 50_000; ms++) meter.add(ms, 1);
  expect(meter.rate(50_000)).toBeCloseTo(1000);
});
