import type { FinishedUnit, ProjectView, RunningUnit } from '../protocol/engine-api.ts';
import { FINISHED_KEPT } from '../protocol/engine-api.ts';
import type { Membership } from './project/membership.ts';
import type { Slot } from './slots/slot.ts';
import { isUndelivered, isUnfinished, type WorkUnit } from './work/index.ts';

/** Units that are somewhere between lease and verdict and are not merely waiting their turn; slots first. */
export function runningUnits(slots: readonly Slot[], units: readonly WorkUnit[]): RunningUnit[] {
  const inSlots = slots.map((slot): RunningUnit => {
    const { events } = slot.unit.spooled.lease.card;
    const rate = slot.eventsPerSecond;
    return {
      ...describe(slot.unit),
      capsule: slot.kind,
      state: slot.phase === 'ending' ? 'running' : slot.phase,
      done: slot.done,
      total: events,
      eventsPerSecond: rate,
      secondsLeft: rate > 0 ? (events - slot.done) / rate : null,
      startedAt: slot.startedAt,
    };
  });
  const taken = new Set(slots.map(({ unit }) => unit.leaseId));
  const moving = units.filter(({ leaseId }) => !taken.has(leaseId)).map(moved);
  return [...inSlots, ...moving.filter((unit) => unit !== null)];
}

/** A unit on its way in or out; null while it waits for its turn or its verdict. */
function moved(unit: WorkUnit): RunningUnit | null {
  const { state } = unit;
  const total = unit.spooled.lease.card.events;
  const still = { eventsPerSecond: 0, secondsLeft: null, startedAt: null, total };
  switch (state.state) {
    case 'fetching':
      return { ...describe(unit), ...still, capsule: '', state: 'fetching', done: 0 };
    case 'uploading':
      return {
        ...describe(unit),
        ...still,
        capsule: state.measures.capsule,
        state: 'uploading',
        done: total,
      };
    case 'finished':
      return { ...describe(unit), ...still, capsule: state.measures.capsule, state: 'waiting', done: total };
    default:
      return null;
  }
}

function describe(unit: WorkUnit) {
  const { lease } = unit.spooled;
  return {
    unitId: lease.unitId,
    project: unit.spooled.project,
    campaign: lease.campaign,
    campaignTitle: lease.campaignTitle,
    application: lease.application,
    parameters: lease.card.parameters,
  };
}

/** The last finished units in the order they ended, each once, with the newest that is known of it. */
export class FinishedList {
  #units = new Map<string, FinishedUnit>();

  put(unit: FinishedUnit): void {
    this.#units.set(unit.leaseId, unit);
    if (this.#units.size <= 2 * FINISHED_KEPT) return;
    const kept = this.list();
    this.#units = new Map(kept.map((one) => [one.leaseId, one]));
  }

  list(): FinishedUnit[] {
    const all = [...this.#units.values()];
    all.sort((a, b) => (a.finishedAt < b.finishedAt ? -1 : a.finishedAt > b.finishedAt ? 1 : 0));
    return all.slice(-FINISHED_KEPT);
  }
}

/** What is known of the talk with a project. */
export interface ProjectTalk {
  readonly trouble: Error | null;
  readonly noWork: string | null;
}

/** @param units of this project */
export function projectView(
  membership: Membership,
  { trouble, noWork }: ProjectTalk,
  units: readonly WorkUnit[],
): ProjectView {
  const { name, description, url, keyFingerprint, share, joinedAt, leaving } = membership;
  return {
    ...{ name, description, url, keyFingerprint, share, joinedAt, leaving: leaving !== null },
    connected: trouble === null,
    message: trouble?.message ?? noWork,
    inHand: {
      unfinished: units.filter(isUnfinished).length,
      undelivered: units.filter(isUndelivered).length,
    },
  };
}

/** A project that was left is shown while something of it is in hand; that a verdict is awaited concerns nobody. */
export function isShown({ leaving, inHand }: ProjectView): boolean {
  return !leaving || inHand.unfinished + inHand.undelivered > 0;
}

/**
 * Of all projects that may be asked for work: trouble where it is with each, no work where none has any.
 * @param joinTrouble why a project that is to be joined is not yet
 */
export function overallTalk(
  talks: readonly ProjectTalk[],
  joinTrouble: string | null,
): { trouble: string | null; noWork: string | null } {
  const troubles = talks.flatMap(({ trouble }) => trouble?.message ?? []);
  const reachable = talks.filter(({ trouble }) => !trouble);
  const refusals = reachable.flatMap(({ noWork }) => noWork ?? []);
  return {
    trouble: joinTrouble ?? (reachable.length === 0 ? (troubles[0] ?? null) : null),
    noWork: refusals.length === reachable.length ? (refusals[0] ?? null) : null,
  };
}
