import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProjectError, ProjectUnreachable } from '../../engine/project/errors.ts';
import { openSigned } from '../../engine/project/signatures.ts';
import { Software } from '../../engine/software/software.ts';
import { sha256 } from '../../platform/files.ts';
import type { Blob } from '../../protocol/primitives.ts';
import { type Platform, Release, Signed } from '../../protocol/release.ts';
import { type SoftwarePlace, softwareNames } from '../../protocol/software.ts';
import { ask } from '../api.ts';
import { NotRunningError, RefusedError } from '../errors.ts';
import { type BelievedProject, memberOf } from './project.ts';

/** A release's program as it is published, checked down to the last byte. */
export interface Program {
  readonly release: Release;
  readonly place: SoftwarePlace;
  readonly wasm: Buffer;
  readonly wasmSha256: string;
}

const PLATFORM: Platform = 'wasm32-wasi';
/** Of what is read of the repository: catalogs, and one program. */
const QUOTA_BYTES = 2e9;

/**
 * The release, which must be signed by the project's key; and its program by the tag that it names, out of the project's
 * repository, which must be signed by the master key.
 * @throws RefusedError, NotRunningError
 */
export async function publishedProgram(
  project: BelievedProject,
  { application, version }: { readonly application: string; readonly version: string },
  signal: AbortSignal,
): Promise<Program> {
  const name = `${application} ${version}`;
  const path = `/releases/${encodeURIComponent(application)}/${encodeURIComponent(version)}`;
  const signed = await ask(project.api, { path, schema: Signed });
  const release = await inWords(() => openSigned(signed, project.publicKey, Release, `release ${name}`));
  if (release.application !== application || release.version !== version)
    throw new RefusedError(`the project sent ${release.application} ${release.version} for ${name}`);
  const blob = release.programs[PLATFORM];
  if (!blob)
    throw new RefusedError(
      `${name} has no program in WebAssembly, and only such programs are computed again here (it has: ${Object.keys(release.programs).join(', ')})`,
    );
  if (!release.software)
    throw new RefusedError(`${name} is not in the project's repository; its staff must push it again`);
  const wasm = await readProgram(project, release.software, blob, signal);
  return { release, place: release.software, wasm, wasmSha256: blob.sha256 };
}

async function readProgram(
  project: BelievedProject,
  place: SoftwarePlace,
  { sha256: hash, bytes }: Blob,
  signal: AbortSignal,
): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-reproduce-'));
  const software = new Software({ folder, quotaBytes: () => QUOTA_BYTES, pace: async () => {} });
  const placed = software.at(memberOf(project), place, signal);
  try {
    const wasm = await inWords(async () => {
      const open = placed.source(() => softwareNames.program(PLATFORM));
      const { chunks } = await open(hash, 0, signal);
      const pieces: Uint8Array[] = [];
      for await (const piece of chunks) pieces.push(piece);
      return Buffer.concat(pieces);
    });
    if (wasm.length === bytes && sha256(wasm) === hash) return wasm;
    throw new RefusedError(
      `the program at ${place.path} (tag ${place.tag}) is not the one that the release names (SHA-256 ${hash})`,
    );
  } finally {
    await placed.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function inWords<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ProjectUnreachable)
      throw new NotRunningError('the project does not give its software; try again later', { cause });
    if (cause instanceof ProjectError) throw new RefusedError(cause.message, { cause });
    throw cause;
  }
}
