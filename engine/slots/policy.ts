/** What the plan needs to know of a slot. */
export interface SlotSituation {
  /** Counts up over all slots ever started. */
  readonly order: number;
  /** Counts up over all pauses; null while it computes. */
  readonly pausedOrder: number | null;
}

export interface SlotPlan<T> {
  readonly pause: readonly T[];
  readonly resume: readonly T[];
  readonly stop: readonly T[];
  /** How many new ones may start, as far as there is work. */
  readonly start: number;
}

/**
 * Brings the slots to the number allowed: the newest are paused first, what was paused first goes on first, and
 * only when nothing is paused does something new begin. Pure.
 * @param keepPaused false: memory is short, so paused ones beyond the number are stopped (their units begin again)
 */
export function planSlots<T extends SlotSituation>(
  slots: readonly T[],
  allowed: number,
  keepPaused: boolean,
): SlotPlan<T> {
  const computing = slots.filter((slot) => slot.pausedOrder === null).sort((a, b) => a.order - b.order);
  const paused = slots.filter((slot) => slot.pausedOrder !== null);
  paused.sort((a, b) => (a.pausedOrder ?? 0) - (b.pausedOrder ?? 0));
  if (computing.length >= allowed) {
    const excess = computing.slice(allowed);
    return keepPaused
      ? { pause: excess.reverse(), resume: [], stop: [], start: 0 }
      : { pause: [], resume: [], stop: [...excess.reverse(), ...paused.reverse()], start: 0 };
  }
  const room = allowed - computing.length;
  const resume = paused.slice(0, room);
  const left = paused.slice(room);
  return { pause: [], resume, stop: keepPaused ? [] : left.reverse(), start: room - resume.length };
}
