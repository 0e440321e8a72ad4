import { join } from 'node:path';
import type { ReportedFile, ResultReport, ResultVerdict } from '../../protocol/project-api.ts';
import { OUT } from '../../protocol/work-unit.ts';
import type { ProjectClient } from '../project/client.ts';
import { ProjectRefused } from '../project/errors.ts';
import type { WorkContext } from './context.ts';
import type { StepResult } from './loop.ts';
import { verdictWaitMs } from './policy.ts';
import type { WorkUnit } from './unit.ts';
import { goingWithReport, OutputLost, readOutput, uploadFile } from './upload.ts';

/** Bytes that did not arrive as they are here: sent again later. */
const MENDABLE = ['hash-mismatch', 'file-missing'];

/** Sends the project's oldest result that is durable here and not yet there. */
export async function deliverStep(
  work: WorkContext,
  project: string,
  signal: AbortSignal,
): Promise<StepResult> {
  if (!work.mayTransfer()) return { next: 'idle' };
  const unit = work.desk.list(
    ({ spooled, state, unsaved }) =>
      spooled.project === project && !unsaved && (state.state === 'finished' || state.state === 'failed'),
  )[0];
  if (!unit) return { next: 'idle' };
  const client = work.desk.client(project);
  if (!client) {
    await abandon(work, unit, 'this computer has left its project');
    return { next: 'again', afterMs: 0 };
  }
  try {
    await deliver(work, unit, client, signal);
  } catch (error) {
    if (error instanceof OutputLost) {
      work.log.warn(
        { err: error, lease: unit.leaseId },
        'output damaged before it was reported; computed again',
      );
      await work.desk.apply(unit, { event: 'outputsLost' });
      await work.desk.apply(unit, { event: 'programMissing' });
      return { next: 'again', afterMs: 0 };
    }
    if (unit.state.state === 'uploading') await work.desk.apply(unit, { event: 'uploadStopped' });
    if (!(error instanceof ProjectRefused) || MENDABLE.includes(error.code)) throw error;
    if (error.status === 401) {
      // Under a new token the next attempt gets the server's word on this lease.
      await work.rejoin(project, signal);
      return { next: 'again', afterMs: 0 };
    }
    work.log.warn({ err: error, lease: unit.leaseId }, 'the project refuses this result');
    await abandon(work, unit, `the project refuses this result: ${error.message}`);
  }
  return { next: 'again', afterMs: 0 };
}

async function deliver(
  work: WorkContext,
  unit: WorkUnit,
  client: ProjectClient,
  signal: AbortSignal,
): Promise<void> {
  if (unit.state.state === 'finished') await work.desk.apply(unit, { event: 'uploadStarted' });
  const { state } = unit;
  if (state.state !== 'uploading' && state.state !== 'failed') return;
  const { outcome } = state;
  const files: ReportedFile[] = [];
  if (outcome.kind === 'outputs') {
    const folder = join(work.desk.spool.jobFolder(unit.leaseId), OUT);
    const going = goingWithReport(outcome.files);
    for (const file of outcome.files) {
      if (going.has(file)) files.push(await readOutput(folder, file));
      else {
        await uploadFile(client, folder, file, signal);
        files.push(file);
      }
    }
  }
  const verdict = await client.report(reportOf(unit, files), signal);
  await noteReported(work, unit, verdict);
}

async function noteReported(work: WorkContext, unit: WorkUnit, verdict: ResultVerdict): Promise<void> {
  const at = new Date(work.clock.now()).toISOString();
  unit.reportedAtMs = work.clock.monotonic();
  unit.askVerdictAtMs = unit.reportedAtMs + verdictWaitMs(0, work.random());
  if (await work.desk.apply(unit, { event: 'reported', verdict, at })) {
    await work.desk.spool.removeJob(unit.leaseId);
  }
}

/** The same for the same state, whenever it is made: a report sent twice must not differ. */
function reportOf(unit: WorkUnit, files: ReportedFile[]): ResultReport {
  const { state } = unit;
  if (!('outcome' in state)) throw new Error(`a unit that is ${state.state} has nothing to report`);
  const { outcome, measures } = state;
  return {
    lease: unit.spooled.lease.id,
    outcome:
      outcome.kind === 'outputs'
        ? { state: 'finished', outputHash: outcome.outputHash, files }
        : {
            state: 'failed',
            reason: outcome.reason.slice(0, 500),
            exitStatus: outcome.exitStatus,
            consoleTail: outcome.consoleTail.slice(-4000),
          },
    capsule: measures.capsule,
    seconds: measures.seconds,
  };
}

async function abandon(work: WorkContext, unit: WorkUnit, reason: string): Promise<void> {
  await work.desk.apply(unit, { event: 'abandoned', reason, tell: false });
}
