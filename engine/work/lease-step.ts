import type { Lease, LeaseReply, LeaseRequest } from '../../protocol/project-api.ts';
import type { ProjectClient } from '../project/client.ts';
import { ProjectRefused } from '../project/errors.ts';
import type { WorkContext } from './context.ts';
import { diskTrouble } from './desk.ts';
import type { StepResult } from './loop.ts';
import { isUnfinished, leaseKey } from './unit.ts';

/** The server's wait gets up to this share more, so that hosts it told the same do not return together. */
const SPREAD = 0.3;
const SHORTEST_WAIT_MS = 1_000;

/** Asks the project for its part of the units that the buffer lacks, and hears which leases it no longer knows. */
export async function leaseStep(
  work: WorkContext,
  project: string,
  signal: AbortSignal,
): Promise<StepResult> {
  const membership = work.memberships.byKey(project);
  const client = work.desk.client(project);
  if (!client || !membership || membership.leaving !== null || membership.share === 0)
    return { next: 'idle' };
  if (!work.mayTransfer() || work.desk.diskTrouble) return { next: 'idle' };
  if (work.turns.wanted() === 0) return { next: 'idle' };
  const kinds = await work.usableKinds(project);
  if (kinds.length === 0) {
    if (work.turns.standAside(project)) work.othersTurn(project);
    return { next: 'idle' };
  }
  const want = work.turns.take(project);
  if (want === 0) return { next: 'idle' };
  let came = 0;
  try {
    const reply = await ask(
      work,
      project,
      client,
      { want, platforms: kinds.map((one) => one.platform) },
      signal,
    );
    if (!reply) return { next: 'again', afterMs: 0 };
    const fresh = reply.leases.filter(({ id }) => !work.desk.units.has(leaseKey(project, id)));
    came = fresh.length;
    work.taken(came);
    await spoolAll(work, client, project, fresh);
    await dropUnknown(work, project, reply.unknown);
    await giveUpOverdue(work, client, project);
    work.projectAnswered(project, came === 0 ? reply.reason : null);
    const waitMs = Math.max(SHORTEST_WAIT_MS, reply.retryAfterSeconds * 1000);
    return { next: 'hold', forMs: waitMs * (1 + work.random() * SPREAD) };
  } finally {
    work.turns.answered(project, came);
    if (came === 0) work.othersTurn(project);
  }
}

/** @returns null where this host had to register anew: its token was not known any more */
async function ask(
  work: WorkContext,
  project: string,
  client: ProjectClient,
  request: Pick<LeaseRequest, 'want' | 'platforms'>,
  signal: AbortSignal,
): Promise<LeaseReply | null> {
  const held = work.desk
    .list(({ spooled }) => spooled.project === project)
    .filter((unit) => unit.state.state !== 'decided' && unit.state.state !== 'abandoned')
    .map((unit) => unit.spooled.lease.id)
    .slice(0, 1024);
  try {
    return await client.leases({ ...request, held }, signal);
  } catch (error) {
    if (!(error instanceof ProjectRefused) || error.status !== 401) throw error;
    await work.rejoin(project, signal);
    return null;
  }
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

async function dropUnknown(work: WorkContext, project: string, unknown: readonly string[]): Promise<void> {
  for (const id of unknown) {
    const unit = work.desk.units.get(leaseKey(project, id));
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
