/** What is worth a small celebration: numbers of validated events, 1, 10 and so on times a million, and of days. */
export interface Milestone {
  readonly kind: 'events' | 'days';
  readonly at: number;
}

const EVENTS = [1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13];
const DAYS = [1, 7, 30, 100, 365, 1000];

export interface Milestones {
  readonly reached: readonly Milestone[];
  /** The next of each kind, with how far it is, 0..1. */
  readonly next: readonly (Milestone & { readonly fraction: number })[];
}

export function milestones(eventsValid: number, daysActive: number): Milestones {
  const of = (kind: Milestone['kind'], steps: readonly number[], value: number) => {
    const following = steps.find((at) => at > value);
    return {
      reached: steps.filter((at) => at <= value).map((at) => ({ kind, at })),
      next: following === undefined ? [] : [{ kind, at: following, fraction: value / following }],
    };
  };
  const events = of('events', EVENTS, eventsValid);
  const days = of('days', DAYS, daysActive);
  return { reached: [...events.reached, ...days.reached], next: [...events.next, ...days.next] };
}

/**
 * Watts that one more busy core draws from the wall: 4 to 12 on today's laptops and desktops, power supply included.
 * An estimate, and said to be one: nothing here can measure it.
 */
export const WATTS_PER_CORE = 8;

export function energyKwh(cpuSeconds: number): number {
  return (cpuSeconds / 3.6e6) * WATTS_PER_CORE;
}
