import { readFile } from 'node:fs/promises';
import { fillRelease, TemplateRefused } from '../../platform/templates.ts';
import { Release, TREE_PLATFORM } from '../../protocol/release.ts';
import { softwareNames } from '../../protocol/software.ts';
import { TreeManifest } from '../../protocol/tree.ts';
import type { CapsuleKind } from '../capsules/capsule.ts';
import { type ObjectSource, ObjectsTooLarge } from '../objects/cache.ts';
import type { ProjectClient } from '../project/client.ts';
import { KeyMismatch, ProjectRefused, SoftwareRefused } from '../project/errors.ts';
import { openSigned } from '../project/signatures.ts';
import { placedSoftware } from '../software/index.ts';
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
    fillRelease(release, unit.spooled.lease.card);
    unit.inputs = await fetchInputs(work, unit, client, signal);
    unit.programs = await fetchPrograms(work, unit, release, client, signal);
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
    // Units of other releases behind it may be in order; the person is told, and nothing is tried over and over.
    if (error instanceof SoftwareRefused) throw error;
  }
  return { next: 'again', afterMs: 0 };
}

function isHopeless(error: unknown): error is Error {
  return (
    error instanceof CannotRun ||
    error instanceof TemplateRefused ||
    error instanceof KeyMismatch ||
    error instanceof SoftwareRefused ||
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
  unit: WorkUnit,
  release: Release,
  client: ProjectClient,
  signal: AbortSignal,
): Promise<Map<CapsuleKind, string>> {
  const member = work.memberships.byKey(unit.spooled.project);
  if (!member) throw new CannotRun('this computer has left its project');
  const { software, objects } = work;
  const title = `${release.application} ${release.version}`;
  const placed = placedSoftware(release, title, { member, client, software, signal });
  const programs = new Map<CapsuleKind, string>();
  try {
    for (const { kind, platform } of await work.usableKinds(unit.spooled.project)) {
      const program = release.programs[platform];
      if (!program) continue;
      const isTree = release.command !== undefined && platform === TREE_PLATFORM;
      const name = isTree ? softwareNames.treeManifest(platform) : softwareNames.program(platform);
      const path = await objects.get(
        program,
        placed.source(() => name),
        signal,
      );
      if (isTree) {
        const files = await filesOfTree(path, release);
        const folder = softwareNames.treeFolder(platform);
        const names = new Map(files.map((file) => [file.sha256, `${folder}/${file.path}`]));
        const source = placed.source((sha256) => names.get(sha256));
        if (member.software) {
          // Guests read it out of the repository as they need it.
          if (unit.readAhead) for (const sha256 of names.keys()) await readThrough(source, sha256, signal);
          unit.readAhead = false;
        } else {
          // Said before they are fetched: none may go again to make room for the next.
          unit.treeFiles = new Set(names.keys());
          for (const { sha256, bytes } of files) await objects.get({ sha256, bytes }, source, signal);
        }
      }
      programs.set(kind, path);
    }
  } finally {
    await placed.close();
  }
  if (programs.size === 0) {
    throw new CannotRun(
      `${release.title} has no program for this computer (it is made for ${Object.keys(release.programs).join(', ')})`,
    );
  }
  return programs;
}

/** What other work units have made, for this one. */
async function fetchInputs(
  { objects }: WorkContext,
  unit: WorkUnit,
  client: ProjectClient,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const source: ObjectSource = (sha256, from, aborted) => client.object(sha256, from, aborted);
  const inputs = new Map<string, string>();
  for (const { path, ...blob } of unit.spooled.lease.card.inputs ?? [])
    inputs.set(path, await objects.get(blob, source, signal));
  return inputs;
}

/** What was read once is in the repository's cache. */
async function readThrough(source: ObjectSource, sha256: string, signal: AbortSignal): Promise<void> {
  const { chunks } = await source(sha256, 0, signal);
  for await (const _ of chunks) signal.throwIfAborted();
}

async function filesOfTree(manifestPath: string, release: Release) {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(manifestPath, 'utf8'));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  const manifest = TreeManifest.safeParse(json);
  if (!manifest.success) throw new CannotRun(`${release.title} ${release.version} names no tree of files`);
  return manifest.data.entries.flatMap((entry) => ('target' in entry ? [] : [entry]));
}
