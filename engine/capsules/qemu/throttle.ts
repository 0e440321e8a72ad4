import { setTimeout as sleep } from 'node:timers/promises';

/** Console bytes a program may print in a second before it is held back: more only costs the host time. */
const BYTES_PER_SECOND = 1_000_000;
const BURST_MS = 250;

/** Holds a writer back to BYTES_PER_SECOND: await what it returns before answering the write. */
export function throttle(now: () => number = () => performance.now()) {
  let freeAt = Number.NEGATIVE_INFINITY;
  return async (bytes: number, signal: AbortSignal): Promise<void> => {
    freeAt = Math.max(freeAt, now() - BURST_MS) + (bytes / BYTES_PER_SECOND) * 1000;
    const wait = freeAt - now();
    // An aborted wait is the guest giving up the write: it is answered at once.
    if (wait > 1) await sleep(wait, undefined, { signal }).catch(() => {});
  };
}
