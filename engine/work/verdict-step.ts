import type { WorkContext } from './context.ts';
import type { StepResult } from './loop.ts';
import { isFinal } from './machine.ts';
import { verdictWaitMs } from './policy.ts';
import type { WorkUnit } from './unit.ts';

const BATCH = 256;

/** Asks for the verdicts that are due, and plans when to ask for the others. */
export async function verdictStep(
  work: WorkContext,
  project: string,
  signal: AbortSignal,
): Promise<StepResult> {
  const waiting = work.desk.list(
    ({ spooled, state, unsaved }) => spooled.project === project && !unsaved && state.state === 'reported',
  );
  const now = work.clock.monotonic();
  const due = waiting.filter((unit) => unit.askVerdictAtMs <= now);
  if (due.length === 0) return untilNext(waiting, now);
  const client = work.desk.client(project);
  const batch = due.slice(0, BATCH);
  if (!client) {
    for (const unit of batch) await lose(work, unit, 'this computer has left its project');
    return { next: 'again', afterMs: 0 };
  }
  const verdicts = await client.verdicts(
    batch.map(({ spooled }) => spooled.lease.id),
    signal,
  );
  const byLease = new Map(verdicts.map((verdict) => [verdict.lease, verdict]));
  for (const unit of batch) {
    const verdict = byLease.get(unit.spooled.lease.id);
    if (!verdict) {
      await lose(work, unit, 'the project no longer knows this result');
    } else if (isFinal(verdict)) {
      await work.desk.apply(unit, { event: 'decided', verdict });
    } else {
      const later = work.clock.monotonic();
      unit.askVerdictAtMs = later + verdictWaitMs(later - unit.reportedAtMs, work.random());
    }
  }
  return { next: 'again', afterMs: 0 };
}

function untilNext(waiting: readonly WorkUnit[], now: number): StepResult {
  if (waiting.length === 0) return { next: 'idle' };
  const next = Math.min(...waiting.map((unit) => unit.askVerdictAtMs));
  return { next: 'again', afterMs: Math.max(0, next - now) };
}

async function lose(work: WorkContext, unit: WorkUnit, reason: string): Promise<void> {
  await work.desk.apply(unit, { event: 'abandoned', reason, tell: false });
}
