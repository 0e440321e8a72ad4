import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CapsuleKind } from '../capsules/capsule.ts';
import {
  backoffMs,
  type Candidate,
  chooseNext,
  mayTryAgain,
  tooManyUndelivered,
  unitsWanted,
  verdictWaitMs,
} from './policy.ts';

test('backoff grows, is jittered over its whole range, is capped, and never under what the server asked', () => {
  expect(backoffMs(1, 0.999)).toBeLessThan(2_000);
  expect(backoffMs(4, 0.5)).toBe(8_000);
  expect(backoffMs(10_000, 0.999)).toBeLessThan(15 * 60_000);
  expect(backoffMs(3, 0)).toBe(500);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      fc.integer({ min: 0, max: 86_400_000 }),
      (failures, random, asked) => {
        const ms = backoffMs(failures, random, asked);
        return ms >= Math.max(500, asked) && ms <= asked + 15 * 60_000;
      },
    ),
  );
});

describe('unitsWanted', () => {
  const demand = {
    slots: 2,
    coresAllowed: 4,
    bufferPerCore: 2,
    unfinished: 0,
    allowance: null,
  };
  const rows: [string, Partial<typeof demand> | { allowance: number }, number][] = [
    ['an empty buffer', {}, 4],
    ['a half-full one', { unfinished: 3 }, 1],
    ['a full one', { unfinished: 4 }, 0],
    ['more than full, after slots shrank', { unfinished: 7 }, 0],
    ['no core to spare', { slots: 0 }, 0],
    ['more slots than preferences allow', { slots: 8, coresAllowed: 1 }, 2],
    ['a limit on all units', { allowance: 1 }, 1],
    ['a limit used up', { allowance: 0 }, 0],
    ['a very large machine', { slots: 1000, coresAllowed: 1000 }, 256],
  ];
  test.each(rows)('%s', (_, change, wanted) => {
    expect(unitsWanted({ ...demand, ...change })).toBe(wanted);
  });

  test('results that wait for the network are too many when they fill fifty buffers', () => {
    expect([10, 199, 200].map((undelivered) => tooManyUndelivered(demand, undelivered))).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe('chooseNext', () => {
  const unit = (leaseId: string, more: Partial<Candidate> = {}): Candidate => ({
    leaseId,
    deadlineMs: 1000,
    interruptions: 0,
    attempts: [],
    kinds: ['qemu', 'wasm'],
    ...more,
  });
  const both = (): CapsuleKind[] => ['qemu', 'wasm'];
  const attempt = (capsule: string) => ({ capsule, reason: 'broke', exitStatus: null, consoleTail: '' });

  test('the earliest deadline first', () => {
    const next = chooseNext([unit('late', { deadlineMs: 9 }), unit('soon', { deadlineMs: 5 })], both);
    expect(next?.candidate.leaseId).toBe('soon');
  });
  test('one that was interrupted often waits behind others', () => {
    const next = chooseNext([unit('bad', { deadlineMs: 1, interruptions: 3 }), unit('good')], both);
    expect(next?.candidate.leaseId).toBe('good');
  });
  test('a capsule in which it has not broken yet', () => {
    expect(chooseNext([unit('a', { attempts: [attempt('qemu')] })], both)?.kind).toBe('wasm');
    expect(chooseNext([unit('a', { attempts: [attempt('wasm')] })], both)?.kind).toBe('qemu');
  });
  test('the best kind when it has broken in all', () => {
    expect(chooseNext([unit('a', { attempts: [attempt('wasm'), attempt('qemu')] })], both)?.kind).toBe(
      'qemu',
    );
  });
  test('a unit that nothing here can run now is passed over', () => {
    const next = chooseNext([unit('vm', { kinds: ['qemu'] }), unit('any')], () => ['wasm']);
    expect(next).toEqual({ candidate: unit('any'), kind: 'wasm' });
    expect(chooseNext([unit('vm', { kinds: ['qemu'] })], () => ['wasm'])).toBeNull();
  });
});

test('a unit that broke is tried in each kind of capsule, at least twice, before the project is told', () => {
  const broke = (...kinds: string[]) =>
    kinds.map((capsule) => ({ capsule, reason: '', exitStatus: null, consoleTail: '' }));
  expect(mayTryAgain(broke('qemu'), ['qemu', 'wasm'])).toBe(true);
  expect(mayTryAgain(broke('qemu', 'wasm'), ['qemu', 'wasm'])).toBe(false);
  expect(mayTryAgain(broke('wasm'), ['wasm'])).toBe(true);
  expect(mayTryAgain(broke('wasm', 'wasm'), ['wasm'])).toBe(false);
  expect(mayTryAgain(broke('wasm', 'wasm'), ['wasm', 'qemu'])).toBe(true);
});

test('verdicts are asked for soon, then ever less often', () => {
  expect(verdictWaitMs(0, 0.5)).toBe(1_000);
  expect(verdictWaitMs(60_000, 0.5)).toBe(30_000);
  expect(verdictWaitMs(10 * 86_400_000, 0.999)).toBeLessThan(38 * 60_000);
  let asked = 0;
  for (let waited = 0; waited < 86_400_000; waited += verdictWaitMs(waited, 0.5)) asked++;
  expect(asked).toBeLessThan(75);
});
