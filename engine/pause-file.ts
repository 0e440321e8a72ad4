import { z } from 'zod';
import { Moment } from '../protocol/primitives.ts';
import type { Clock } from './clock.ts';
import type { Pause } from './cores/index.ts';
import { recallFact, rememberFact } from './machine.ts';

const KEY = 'pause';
const StoredPause = z.strictObject({ until: Moment.nullable() });

/** The person's pause as it outlives the engine, in the file of facts. */
export async function loadPause(file: string, clock: Clock): Promise<Pause | null> {
  const stored = await recallFact(file, KEY, StoredPause);
  if (!stored) return null;
  if (stored.until === null) return { untilWallMs: null, untilMonotonicMs: null };
  const leftMs = Date.parse(stored.until) - clock.now();
  return leftMs > 0 ? pauseFor(leftMs, clock) : null;
}

export async function savePause(file: string, pause: Pause | null): Promise<void> {
  const until = pause?.untilWallMs == null ? null : new Date(pause.untilWallMs).toISOString();
  await rememberFact(file, KEY, pause ? { until } : undefined);
}

/** Bounded by both clocks: one that is set back does not prolong it. */
export function pauseFor(ms: number, clock: Clock): Pause {
  return { untilWallMs: clock.now() + ms, untilMonotonicMs: clock.monotonic() + ms };
}
