import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  capsuleSuspicion,
  faded,
  networkSuspicion,
  quarantineMs,
  replicationRate,
  type Standing,
  wrongProbability,
} from './risk.ts';

const DAY = 86_400_000;
const standing = (change: Partial<Standing> = {}): Standing => ({
  evidence: 0,
  caught: 0,
  isQuarantined: false,
  isTested: false,
  suspicion: 1,
  ...change,
});

test.each<[string, Partial<Standing>, number, number]>([
  // what, standing, bound per million, rate
  ['a new host', {}, 500, 1],
  ['a new host, however lax the bound', {}, 100_000, 1],
  ['one whose first result is being compared', { isTested: true }, 500, 0.005],
  ['one whole result was right', { evidence: 1 }, 500, 0.005],
  ['the same under a strict bound', { evidence: 1 }, 50, 1 - 50e-6 / (0.0005 / 1.05)],
  ['a long record under a strict bound', { evidence: 10 }, 50, 0.005],
  ['a record without end: never none', { evidence: 1e9 }, 100_000, 0.005],
  ['caught once, right since', { evidence: 1, caught: 1 }, 500, 1 - 500e-6 / (0.0055 / 1.05)],
  ['caught once, long right since', { evidence: 11, caught: 1 }, 500, 0.005],
  ['caught once and tested: nothing is believed ahead', { isTested: true, caught: 1 }, 500, 1],
  ['in quarantine', { evidence: 100, isQuarantined: true }, 500, 1],
  ['beside three that were caught', { evidence: 1, suspicion: 7 }, 500, 1 - 500e-6 / (0.0035 / 1.05)],
])('%s', (_what, change, perMillion, rate) => {
  expect(replicationRate(standing(change), perMillion)).toBeCloseTo(rate, 12);
});

describe('whatever is known of a host', () => {
  const any = fc.record({
    evidence: fc.double({ min: 0, max: 1e6, noNaN: true }),
    caught: fc.integer({ min: 0, max: 20 }),
    isQuarantined: fc.boolean(),
    isTested: fc.boolean(),
    suspicion: fc.double({ min: 1, max: 400, noNaN: true }),
  });
  const bound = fc.integer({ min: 1, max: 100_000 });

  test('some of its results are compared, and of those believed by their check alone few enough are wrong', () => {
    fc.assert(
      fc.property(any, bound, (host, perMillion) => {
        const rate = replicationRate(host, perMillion);
        expect(rate).toBeGreaterThanOrEqual(0.005);
        expect(rate).toBeLessThanOrEqual(1);
        if (host.isTested && host.caught === 0) return;
        expect((1 - rate) * wrongProbability(host)).toBeLessThanOrEqual(perMillion * 1e-6 * (1 + 1e-9));
      }),
    );
  });

  test('more evidence never raises its rate; more suspicion, and being caught, never lower it', () => {
    fc.assert(
      fc.property(any, bound, fc.double({ min: 0, max: 100, noNaN: true }), (host, perMillion, more) => {
        const rate = replicationRate(host, perMillion);
        expect(replicationRate({ ...host, evidence: host.evidence + more }, perMillion)).toBeLessThanOrEqual(
          rate,
        );
        const suspected = { ...host, suspicion: host.suspicion + more };
        expect(replicationRate(suspected, perMillion)).toBeGreaterThanOrEqual(rate);
        expect(replicationRate({ ...host, caught: host.caught + 1 }, perMillion)).toBeGreaterThanOrEqual(
          rate,
        );
        expect(replicationRate(host, Math.max(1, perMillion - more))).toBeGreaterThanOrEqual(rate);
      }),
    );
  });
});

test('what was caught in a network is half forgotten after a week', () => {
  const tally = { caught: 4, judged: 4, atMs: 0 };
  expect(networkSuspicion(null, 0)).toBe(1);
  expect(networkSuspicion(tally, 0)).toBe(9);
  expect(networkSuspicion(tally, 7 * DAY)).toBe(5);
  expect(networkSuspicion(tally, 700 * DAY)).toBeCloseTo(1, 6);
  expect(networkSuspicion({ ...tally, caught: 1000 }, 0)).toBe(20);
  expect(faded(tally, -DAY).caught).toBe(4);
});

test('a kind of capsule is suspect where it is worse than all together, and not for a few', () => {
  const tally = (caught: number, judged: number) => ({ caught, judged, atMs: 0 });
  const suspicion = (mine: ReturnType<typeof tally>, other: ReturnType<typeof tally>) =>
    capsuleSuspicion(mine, [mine, other], 0);
  expect(suspicion(tally(50, 10_000), tally(50, 10_000))).toBeCloseTo(1, 6);
  expect(suspicion(tally(0, 10_000), tally(50, 10_000))).toBe(1);
  expect(suspicion(tally(500, 1000), tally(5, 100_000))).toBe(20);
  expect(suspicion(tally(1, 1), tally(50, 10_000))).toBeLessThan(2.1);
  expect(capsuleSuspicion(null, [tally(5, 100)], 0)).toBe(1);
  expect(suspicion(tally(0, 10), tally(0, 10))).toBe(1);
});

test('a week the first time, then four times as long each time', () => {
  expect([1, 2, 3].map((caught) => quarantineMs(caught) / DAY)).toEqual([7, 28, 112]);
});
