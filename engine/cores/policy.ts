import type { StatusCause } from '../../protocol/engine-api.ts';
import type { Preferences } from '../../protocol/preferences.ts';
import {
  batteryReason,
  type Cause,
  heatReason,
  loadReason,
  pauseReason,
  sentence,
  statusCause,
} from './reasons.ts';
import { allowedBySchedule, nextOpening } from './schedule.ts';
import type { Moment, Pause, Situation } from './situation.ts';

/**
 * How many capsules may compute now, and why.
 *
 * Every concern (load of others, the person, battery, heat, full screen, memory) says how many slots it would
 * allow at this moment; the smallest counts. A concern that allowed less a short while ago still holds:
 *
 *     slots = min(what the person set, the smallest that any concern allowed within its HOLD_MS)
 *
 * So slots fall at once and rise only after the reason has been gone for its hold: quick to yield, slow to
 * come back, and noise cannot make it flap. What the person does (pause, resume, settings, schedule) is not held.
 */

/** After a reason has gone, how long it still counts. */
const HOLD_MS: Record<Concern, number> = {
  load: 10_000,
  person: 5_000,
  battery: 10_000,
  'full screen': 15_000,
  // The heat controller below has its own steps of 15 and 30 s.
  heat: 0,
  memory: 15_000,
  program: 5_000,
};

/** Others' use that takes one more core: 0.6 cores take one, 1.6 two. Less is what SCHED_IDLE yields by itself. */
const TAKE = 0.6;
/** Others' use under which a core is given back: one taken is kept down to 0.25 cores. */
const KEEP = 0.25;
/** No input for this long: the person is away (BOINC's default too). */
export const AWAY_SECONDS = 180;
/** Under this charge a battery is left alone, even where computing on battery is allowed. */
const LOW_BATTERY_PERCENT = 20;
const BATTERY_RECOVERED_PERCENT = 25;
/** Above the limit by this much: stop at once instead of step by step. */
const OVERHEAT_C = 5;
/** Under the limit by this much: one more slot may try. */
const COOL_C = 8;
const HEAT_STEP_MS = 15_000;
const COOL_STEP_MS = 30_000;

type Concern = 'load' | 'person' | 'battery' | 'full screen' | 'heat' | 'memory' | 'program';

export interface Decision {
  /** How many capsules may compute now. */
  readonly slots: number;
  /** paused: the person said so; waiting: goes on by itself. */
  readonly state: 'computing' | 'waiting' | 'paused';
  /** Plain words for a person. */
  readonly reason: string;
  /** The same for programs. */
  readonly cause: StatusCause;
  /** Whether downloads and uploads may go over the network now. */
  readonly transfers: boolean;
  /** false: memory is short, capsules beyond `slots` should be stopped, not only paused. */
  readonly keepPaused: boolean;
}

interface Hold {
  readonly concern: Concern;
  readonly allowed: number;
  readonly cause: Cause;
  readonly untilMs: number;
}

/** What the policy remembers from one decision to the next; opaque to callers. */
export interface PolicyMemory {
  readonly slots: number;
  readonly loadCores: number;
  readonly batteryLow: boolean;
  readonly heat: { readonly cap: number; readonly steppedAtMs: number };
  readonly holds: readonly Hold[];
}

export const FRESH: PolicyMemory = {
  slots: 0,
  loadCores: 0,
  batteryLow: false,
  heat: { cap: Number.POSITIVE_INFINITY, steppedAtMs: Number.NEGATIVE_INFINITY },
  holds: [],
};

/**
 * @param previous what the last call returned, FRESH at first
 * @param pause the person's pause, null: none
 */
export function decide(
  situation: Situation,
  preferences: Preferences,
  pause: Pause | null,
  previous: PolicyMemory,
  now: Moment,
): { decision: Decision; memory: PolicyMemory } {
  const { cores, facts } = situation;
  const loadCores = coresOfOthers(situation.othersBusy, previous.loadCores, cores);
  const batteryLow = isBatteryLow(situation, previous.batteryLow);
  const heat = heatStep(situation, preferences, previous, now);

  const concerns: Omit<Hold, 'untilMs'>[] = [
    battery(situation, preferences, batteryLow),
    program(situation),
    fullScreen(situation, preferences),
    { concern: 'heat', allowed: heat.cap, cause: heatReason(facts.temperatureC) },
    memory(situation, preferences),
    { concern: 'load', allowed: cores - loadCores, cause: loadReason(loadCores, situation.busyWith) },
    person(situation, preferences),
  ];
  const holds = mergeHolds(
    previous.holds.filter((hold) => hold.untilMs > now.monotonicMs),
    concerns
      .filter(({ allowed }) => allowed < cores)
      .map((concern) => ({ ...concern, untilMs: now.monotonicMs + HOLD_MS[concern.concern] })),
  );

  const binding = [...wishes(situation, preferences, pause, now), ...holds].reduce(
    (least, next) => (next.allowed < least.allowed ? next : least),
    { allowed: cores, cause: { kind: 'free' } as Cause },
  );
  const slots = Math.max(0, binding.allowed);
  return {
    decision: {
      slots,
      state: slots > 0 ? 'computing' : binding.cause.kind === 'paused' ? 'paused' : 'waiting',
      reason: sentence(slots, cores, binding.cause),
      cause: statusCause(binding.cause),
      transfers: preferences.onMeteredNetwork || facts.metered !== true,
      keepPaused: !holds.some((hold) => hold.concern === 'memory' && hold.allowed < situation.capsules),
    },
    memory: { slots, loadCores, batteryLow, heat, holds },
  };
}

/** What the person set, and that the machine goes to sleep, strongest first; each counts from this very moment. */
function wishes(
  { cores, facts }: Situation,
  preferences: Preferences,
  pause: Pause | null,
  now: Moment,
): { allowed: number; cause: Cause }[] {
  const found: { allowed: number; cause: Cause }[] = [];
  if (pause && isPaused(pause, now)) found.push({ allowed: 0, cause: pauseReason(pause, now) });
  if (facts.suspending) found.push({ allowed: 0, cause: { kind: 'suspended' } });
  const { maxCores, schedule } = preferences;
  if (maxCores !== null && maxCores < cores) found.push({ allowed: maxCores, cause: { kind: 'limit' } });
  if (!allowedBySchedule(schedule, now.day, now.minute)) {
    found.push({
      allowed: 0,
      cause: { kind: 'schedule', opens: nextOpening(schedule, now.day, now.minute) },
    });
  }
  return found;
}

export function isPaused(pause: Pause, now: Moment): boolean {
  return (
    (pause.untilWallMs === null || now.wallMs < pause.untilWallMs) &&
    (pause.untilMonotonicMs === null || now.monotonicMs < pause.untilMonotonicMs)
  );
}

/** Whole cores left to others: a Schmitt trigger, so that a use between KEEP and TAKE changes nothing. */
function coresOfOthers(busy: number, before: number, cores: number): number {
  const taken = Math.floor(busy + 1 - TAKE);
  const kept = Math.min(before, Math.floor(busy + 1 - KEEP));
  return Math.min(cores, Math.max(0, taken, kept));
}

function battery({ cores, facts }: Situation, { onBattery }: Preferences, low: boolean) {
  const stop = facts.battery?.discharging === true && (!onBattery || low);
  return {
    concern: 'battery',
    allowed: stop ? 0 : cores,
    cause: batteryReason(onBattery ? (facts.battery?.percent ?? null) : null),
  } as const;
}

function isBatteryLow({ facts }: Situation, before: boolean): boolean {
  const percent = facts.battery?.percent ?? null;
  if (percent === null) return false;
  return percent < (before ? BATTERY_RECOVERED_PERCENT : LOW_BATTERY_PERCENT);
}

function fullScreen({ cores, facts }: Situation, { duringFullScreen }: Preferences) {
  const stop = facts.fullScreen === true && !duringFullScreen;
  return { concern: 'full screen', allowed: stop ? 0 : cores, cause: { kind: 'full screen' } } as const;
}

function program({ cores, facts }: Situation) {
  return {
    concern: 'program',
    allowed: facts.program === null ? cores : 0,
    cause: { kind: 'program', name: facts.program ?? '' },
  } as const;
}

function person({ cores, facts }: Situation, { reserveWhileActive }: Preferences) {
  // Where nobody can tell, somebody is there: the gentle guess.
  const active = facts.personIdleSeconds === null || facts.personIdleSeconds < AWAY_SECONDS;
  // A share of a core too small to matter is rounding (0.9 of 10 cores leaves 1, not 0.99999).
  const allowed = active ? Math.floor(cores * (1 - reserveWhileActive) + 1e-6) : cores;
  return {
    concern: 'person',
    allowed,
    cause: { kind: 'person', sure: facts.personIdleSeconds !== null },
  } as const;
}

function memory(situation: Situation, { keepFreeMemoryMb }: Preferences) {
  const { cores, capsules, capsuleMemoryMb, promisedMemoryMb, facts } = situation;
  if (facts.memoryAvailableMb === null)
    return { concern: 'memory', allowed: cores, cause: { kind: 'memory' } } as const;
  const spare = facts.memoryAvailableMb - promisedMemoryMb - keepFreeMemoryMb;
  // Rounds down on both sides: room for half a capsule starts none, half a capsule short stops one.
  const allowed = Math.max(0, capsules + Math.floor(spare / Math.max(1, capsuleMemoryMb)));
  return { concern: 'memory', allowed, cause: { kind: 'memory' } } as const;
}

/**
 * Finds the number of slots this machine can cool: one less every HEAT_STEP_MS at or above the limit, one more
 * every COOL_STEP_MS well under it, none at once when far above. Steps start from what really ran, so that a cap
 * above it does not have to be counted down first.
 */
function heatStep(
  { cores, facts }: Situation,
  { maxTemperatureC }: Preferences,
  previous: PolicyMemory,
  now: Moment,
): PolicyMemory['heat'] {
  const cap = Math.min(cores, previous.heat.cap);
  const waited = now.monotonicMs - previous.heat.steppedAtMs;
  const unchanged = { cap, steppedAtMs: previous.heat.steppedAtMs };
  const { temperatureC: celsius, thermal } = facts;
  if (celsius === null && thermal === null) return { cap: cores, steppedAtMs: previous.heat.steppedAtMs };
  const above = (celsius ?? Number.NEGATIVE_INFINITY) - maxTemperatureC;
  if (above >= OVERHEAT_C || thermal === 'critical') return { cap: 0, steppedAtMs: now.monotonicMs };
  const hot = above >= 0 || thermal === 'serious';
  if (hot && waited >= HEAT_STEP_MS) {
    return { cap: Math.max(0, Math.min(cap, previous.slots) - 1), steppedAtMs: now.monotonicMs };
  }
  if (!hot && above <= -COOL_C && waited >= COOL_STEP_MS && cap < cores) {
    return { cap: cap + 1, steppedAtMs: now.monotonicMs };
  }
  return unchanged;
}

/** Keeps only holds that can still decide: fewer slots than others, or for longer. At most one a number of slots and concern. */
function mergeHolds(old: readonly Hold[], fresh: readonly Hold[]): Hold[] {
  const replaced = old.filter(
    (hold) =>
      !fresh.some(
        (next) =>
          next.concern === hold.concern && next.allowed <= hold.allowed && next.untilMs >= hold.untilMs,
      ),
  );
  // Fresh ones first: of equal ones the reason of now is told.
  return [...fresh, ...replaced];
}
