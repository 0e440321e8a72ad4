import { ProjectRefused } from '../project/errors.ts';
import type { WorkContext } from './context.ts';
import type { StepResult } from './loop.ts';
import type { WorkUnit } from './unit.ts';

/**
 * Ends units: a verdict goes into the history, then the folder goes; a lease that was given up is given back
 * first. A crash between the two repeats the first, which does no harm.
 */
export async function settleStep(work: WorkContext, signal: AbortSignal): Promise<StepResult> {
  const decided = work.desk.list((unit) => isOver(unit) && unit.state.state === 'decided')[0];
  if (decided) {
    await work.settle(decided);
    await work.desk.remove(decided);
    return { next: 'again', afterMs: 0 };
  }
  const abandoned = work.desk.list((unit) => isOver(unit) && unit.state.state === 'abandoned');
  for (const unit of abandoned.filter(({ state }) => state.state === 'abandoned' && !state.tell)) {
    await work.settle(unit);
    await work.desk.remove(unit);
  }
  const first = abandoned.find(({ state }) => state.state === 'abandoned' && state.tell);
  if (!first) return { next: 'idle' };
  await giveBack(
    work,
    abandoned.filter((unit) => unit.spooled.project === first.spooled.project && isTold(unit)),
    signal,
  );
  return { next: 'again', afterMs: 0 };
}

function isOver(unit: WorkUnit): boolean {
  return !unit.unsaved && !unit.inSlot;
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
        worthTelling.map(({ leaseId }) => leaseId),
        signal,
      );
    } catch (error) {
      if (!(error instanceof ProjectRefused)) throw error;
      work.log.warn({ err: error }, 'leases not taken back; they end at their deadlines');
    }
  }
  for (const unit of units) {
    await work.settle(unit);
    await work.desk.remove(unit);
  }
}
