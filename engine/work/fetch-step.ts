import { Release } from '../../protocol/release.ts';
import type { CapsuleKind } from '../capsules/capsule.ts';
import { ObjectsTooLarge } from '../objects/cache.ts';
import type { ProjectClient } from '../project/client.ts';
import { KeyMismatch, ProjectRefused } from '../project/errors.ts';
import { openSigned } from '../project/signatures.ts';
import type { WorkContext } from './context.ts';
import type { StepResult } from './loop.ts';
import type { WorkUnit } from './unit.ts';

/** Nothing here can run this unit, and trying again will not change that. */
class CannotRun extends Error {
  override readonly name = 'CannotRun';
}

/** Brings the project's first unit that is only leased to `ready`: its release verified, its programs on disk. */
export async function fetchStep(
  work: WorkContext,
  project: string,
  signal: AbortSignal,
): Promise<StepResult> {
  if (!work.mayTransfer()) return { next: 'idle' };
  const unit = work.desk.list(
    ({ spooled, state }) => spooled.project === project && state.state === 'leased',
  )[0];
  if (!unit) return { next: 'idle' };
  const client = work.desk.client(project);
  await work.desk.apply(unit, { event: 'fetchStarted' });
  try {
    if (!client) throw new CannotRun('this computer has left its project');
    const release = await fetchRelease(work, unit, client, signal);
    unit.programs = await fetchPrograms(work, project, release, client, signal);
    // While we waited the server may have taken the unit back.
    if (unit.state.state === 'fetching') await work.desk.apply(unit, { event: 'fetched' });
  } catch (error) {
    if (unit.state.state !== 'fetching') return { next: 'again', afterMs: 0 };
    await work.desk.apply(unit, { event: 'fetchFailed' });
    if (!isHopeless(error)) {
      work.desk.noteDiskTrouble(error);
      throw error;
    }
    work.log.warn({ err: error, lease: unit.leaseId }, 'unit cannot run here; given back');
    await work.desk.apply(unit, { event: 'abandoned', reason: error.message, tell: true });
  }
  return { next: 'again', afterMs: 0 };
}

function isHopeless(error: unknown): error is Error {
  return (
    error instanceof CannotRun ||
    error instanceof KeyMismatch ||
    error instanceof ObjectsTooLarge ||
    (error instanceof ProjectRefused && error.status !== 401)
  );
}

async function fetchRelease(
  work: WorkContext,
  unit: WorkUnit,
  client: ProjectClient,
  signal: AbortSignal,
): Promise<Release> {
  if (unit.release) return unit.release;
  const { lease, project } = unit.spooled;
  const name = `release ${lease.application} ${lease.version}`;
  // Immutable once published: what another unit here has already verified serves this one too.
  const twin = work.desk.list(
    (other) =>
      other.release?.application === lease.application &&
      other.release.version === lease.version &&
      other.spooled.project === project,
  )[0];
  const membership = work.memberships.byKey(project);
  if (!membership) throw new CannotRun('this computer has left its project');
  const signed = twin?.signedRelease ?? (await client.release(lease.application, lease.version, signal));
  const release = openSigned(signed, membership.publicKey, Release, name);
  if (release.application !== lease.application || release.version !== lease.version) {
    throw new KeyMismatch(
      `the project sent ${release.application} ${release.version} for ${name}; it is not used`,
    );
  }
  await work.desk.spool.saveRelease(unit.leaseId, signed);
  unit.signedRelease = signed;
  unit.release = release;
  return release;
}

/** All that this host could run, so that a break in one capsule can be tried in another without network. */
async function fetchPrograms(
  work: WorkContext,
  project: string,
  release: Release,
  client: ProjectClient,
  signal: AbortSignal,
): Promise<Map<CapsuleKind, string>> {
  const programs = new Map<CapsuleKind, string>();
  for (const { kind, platform } of await work.usableKinds(project)) {
    const program = release.programs[platform];
    if (!program) continue;
    const source = (sha256: string, from: number, aborted: AbortSignal) =>
      client.object(sha256, from, aborted);
    programs.set(kind, await work.objects.get(program, source, signal));
  }
  if (programs.size === 0) {
    throw new CannotRun(
      `${release.title} has no program for this computer (it is made for ${Object.keys(release.programs).join(', ')})`,
    );
  }
  return programs;
}
