import { constants } from 'node:os';
import type { RunOutcome } from '../capsule.ts';
import { type GuestStatus, LARGEST_FILE_GB } from './guest-control.ts';

/** SIGXFSZ, which Linux sends a program at its file size limit. */
const FILE_TOO_LARGE = 25;

/** What the guest reported, in words for a person where the program did not end by itself. */
export function outcomeOf(status: GuestStatus | null, memoryMb: number): RunOutcome {
  if (!status)
    return { state: 'broken', reason: 'The virtual machine reported something unreadable.', lost: true };
  if (status.killedForMemory) {
    return { state: 'broken', reason: `The program ran out of memory: it may use ${memoryMb} MB.` };
  }
  // A shell's convention; a program that exits with such a number itself looks the same.
  const signal = status.exitStatus - 128;
  if (signal === FILE_TOO_LARGE) {
    return {
      state: 'broken',
      reason: `The program wrote a file larger than it may (${LARGEST_FILE_GB} GB).`,
    };
  }
  if (signal > 0 && signal <= 64) {
    return { state: 'broken', reason: `The program was killed by signal ${signal}${signalName(signal)}.` };
  }
  return { state: 'exited', exitStatus: status.exitStatus };
}

/** Guest and host agree on the numbers programs die of (POSIX fixes them, or Linux and macOS share them). */
function signalName(number: number): string {
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return name ? ` (${name})` : '';
}
