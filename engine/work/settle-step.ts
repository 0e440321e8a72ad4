import { ProjectRefused } from '../project/errors.ts';
import type { WorkContext } from './context.ts';
import type { StepResult } from './loop.ts';
import { cpuSecondsOf, finishedView, isUnfinished, type WorkUnit } from './unit.ts';

/**
 * Keeps the history up with the project's units, and ends them: what is final goes into the history, then the folder
 * goes; a lease that was given up is given back first. A project that was left is forgotten once nothing is left of
 * it. A crash in between repeats what came before it, which does no harm.
 */
export async function settleStep(
  work: WorkContext,
  project: string,
  signal: AbortSignal,
): Promise<StepResult> {
  const list = (filter: (unit: WorkUnit) => boolean) =>
    work.desk.list((unit) => unit.spooled.project === project && filter(unit));
  const membership = work.memberships.byKey(project);
  if (membership?.leaving === 'give-back') {
    for (const unit of list(isUnfinished))
      await work.desk.apply(unit, { event: 'abandoned', reason: LEFT, tell: true });
  }
  for (const unit of list((one) => !one.unsaved)) await record(work, unit);
  for (const unit of list((one) => isOver(one) && !isTold(one))) await work.desk.remove(unit);
  const told = list((one) => isOver(one) && isTold(one));
  if (told.length > 0) {
    await giveBack(work, told, signal);
    return { next: 'again', afterMs: 0 };
  }
  if (membership && membership.leaving !== null && list(() => true).length === 0) {
    await work.memberships.forgetLeft((key) => key !== project);
    work.forgotten();
  }
  return { next: 'idle' };
}

const LEFT = 'this computer has left the project';

async function record(work: WorkContext, unit: WorkUnit): Promise<void> {
  const view = finishedView(unit);
  if (!view || view.verdict === unit.recordedAs) return;
  const fills = view.verdict === 'valid' ? await work.desk.spool.loadFills(unit.leaseId) : null;
  await work.record(view, cpuSecondsOf(unit), fills);
  unit.recordedAs = view.verdict;
}

/** Final, durable, and its last word in the history (it may have got there while we recorded others). */
function isOver(unit: WorkUnit): boolean {
  const { state } = unit.state;
  if (unit.unsaved || unit.inSlot || (state !== 'decided' && state !== 'abandoned')) return false;
  const view = finishedView(unit);
  return view === null || view.verdict === unit.recordedAs;
}

function isTold(unit: WorkUnit): boolean {
  return unit.state.state === 'abandoned' && unit.state.tell;
}

async function giveBack(work: WorkContext, units: readonly WorkUnit[], signal: AbortSignal): Promise<void> {
  const client = work.desk.client(units[0]?.spooled.project ?? '');
  // Past its deadline the server has taken the lease back by itself: not worth insisting through an outage.
  const worthTelling = units.filter(
    ({ spooled }) => client && Date.parse(spooled.lease.deadline) > client.serverNow(),
  );
  if (client && worthTelling.length > 0) {
    try {
      await client.giveBack(
        worthTelling.map(({ spooled }) => spooled.lease.id),
        signal,
      );
    } catch (error) {
      if (!(error instanceof ProjectRefused)) throw error;
      work.log.warn({ err: error }, 'leases not taken back; they end at their deadlines');
    }
  }
  for (const unit of units) await work.desk.remove(unit);
}
