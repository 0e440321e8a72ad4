import { describe, expect, test } from 'vitest';
import type { RunOutcome } from '../capsule.ts';
import type { GuestStatus } from './guest-control.ts';
import { outcomeOf } from './outcome.ts';

const status = (exitStatus: number, killedForMemory = false): GuestStatus => ({
  exitStatus,
  killedForMemory,
});

const table: [GuestStatus | null, RunOutcome][] = [
  [status(0), { state: 'exited', exitStatus: 0 }],
  [status(1), { state: 'exited', exitStatus: 1 }],
  [status(127), { state: 'exited', exitStatus: 127 }],
  [status(128), { state: 'exited', exitStatus: 128 }],
  [status(129), { state: 'broken', reason: 'The program was killed by signal 1 (SIGHUP).' }],
  [status(139), { state: 'broken', reason: 'The program was killed by signal 11 (SIGSEGV).' }],
  [status(153), { state: 'broken', reason: 'The program wrote a file larger than it may (4 GB).' }],
  [status(137, true), { state: 'broken', reason: 'The program ran out of memory: it may use 64 MB.' }],
  [status(0, true), { state: 'broken', reason: 'The program ran out of memory: it may use 64 MB.' }],
  [status(192), { state: 'broken', reason: 'The program was killed by signal 64.' }],
  [status(193), { state: 'exited', exitStatus: 193 }],
  [status(255), { state: 'exited', exitStatus: 255 }],
  [null, { state: 'broken', reason: 'The virtual machine reported something unreadable.', lost: true }],
];

describe('outcomeOf', () => {
  test.each(table)('%j', (reported, outcome) => {
    expect(outcomeOf(reported, 64)).toEqual(outcome);
  });
});
