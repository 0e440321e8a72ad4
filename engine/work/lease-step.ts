import type { Lease, LeaseReply } from '../../protocol/project-api.ts';
import type { ProjectClient } from '../project/client.ts';
import { ProjectRefused } from '../project/errors.ts';
import type { WorkContext } from './context.ts';
import { diskTrouble } from './desk.ts';
import type { StepResult } from './loop.ts';
import { unitsWanted } from './policy.ts';
import { isUndelivered, isUnfinished } from './unit.ts';

/** The server's wait gets up to this share more, so that hosts it told the same do not return together. */
const SPREAD = 0.3;
const SHORTEST_WAIT_MS = 1_000;

/** Asks the current project for as many units as the buffer lacks, and hears which leases it no longer knows. */
export async function leaseStep(work: WorkContext, signal: AbortSignal): Promise<StepResult> {
  if (!work.mayTransfer()) return { next: 'idle' };
  const membership = work.memberships.joined[0];
  const client = membership && work.desk.client(membership.keyFingerprint);
  if (!membership || !client || work.desk.diskTrouble) return { next: 'idle' };
  const ours = work.desk.list((unit) => unit.spooled.project === membership.keyFingerprint);
  const want = unitsWanted({
    ...work.demand(),
    unfinished: ours.filter(isUnfinished).length,
    undelivered: ours.filter(isUndelivered).length,
  });
  if (want === 0) return { next: 'idle' };
  const kinds = await work.usableKinds();
  if (kinds.length === 0) return { next: 'idle' };
  const held = ours
    .filter((unit) => unit.state.state !== 'decided' && unit.state.state !== 'abandoned')
    .map((unit) => unit.leaseId)
    .slice(0, 1024);
  let reply: LeaseReply;
  try {
    reply = await client.leases({ want, platforms: kinds.map(({ platform }) => platform), held }, signal);
  } catch (error) {
    if (!(error instanceof ProjectRefused) || error.status !== 401) throw error;
    await work.rejoin(signal);
    return { next: 'again', afterMs: 0 };
  }
  const fresh = reply.leases.filter((lease) => !work.desk.units.has(lease.id));
  work.taken(fresh.length);
  await spoolAll(work, client, membership.keyFingerprint, fresh);
  await dropUnknown(work, reply.unknown);
  await giveUpOverdue(work, client, membership.keyFingerprint);
  work.projectAnswered(fresh.length === 0 ? reply.reason : null);
  const waitMs = Math.max(SHORTEST_WAIT_MS, reply.retryAfterSeconds * 1000);
  return { next: 'hold', forMs: waitMs * (1 + work.random() * SPREAD) };
}

/** What cannot be written down is given back at once: after a crash nobody here would know of it. */
async function spoolAll(work: WorkContext, client: ProjectClient, project: string, leases: readonly Lease[]) {
  const receivedAt = new Date(work.clock.now()).toISOString();
  for (const [index, lease] of leases.entries()) {
    try {
      await work.desk.add({ project, receivedAt, lease });
    } catch (error) {
      if (!diskTrouble(error)) throw error;
      const rest = leases.slice(index).map(({ id }) => id);
      work.log.warn({ err: error, leases: rest }, 'leases not written to disk; given back');
      work.taken(-rest.length);
      await client.giveBack(rest);
      return;
    }
  }
}

async function dropUnknown(work: WorkContext, unknown: readonly string[]): Promise<void> {
  for (const id of unknown) {
    const unit = work.desk.units.get(id);
    // A result already computed is offered all the same: the answer to its report is the final word.
    if (!unit || !isUnfinished(unit)) continue;
    await work.desk.apply(unit, {
      event: 'abandoned',
      reason: 'the project gave this work unit to another computer',
      tell: false,
    });
  }
}

/** A unit that was not begun by its deadline is somebody else's by now. One that runs goes on: it may still count. */
async function giveUpOverdue(work: WorkContext, client: ProjectClient, project: string): Promise<void> {
  const waiting = work.desk.list(
    ({ spooled, state }) =>
      spooled.project === project && (state.state === 'leased' || state.state === 'ready'),
  );
  for (const unit of waiting) {
    if (Date.parse(unit.spooled.lease.deadline) > client.serverNow()) continue;
    await work.desk.apply(unit, {
      event: 'abandoned',
      reason: 'its deadline passed before it was begun',
      tell: true,
    });
  }
}
