import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sha256, writeFileAtomic } from '../platform/files.ts';
import type { Logger } from '../platform/log.ts';
import type { Blob, Sha256 } from '../protocol/primitives.ts';
import { Appliance, Signed } from '../protocol/release.ts';
import { softwareNames } from '../protocol/software.ts';
import type { ObjectCache } from './objects/cache.ts';
import type { ProjectClient } from './project/client.ts';
import { KeyMismatch, ProjectError } from './project/errors.ts';
import type { Membership } from './project/membership.ts';
import { openSigned } from './project/signatures.ts';
import { placedSoftware, type Software } from './software/index.ts';

/** The appliance's files on this host, verified. */
export interface ApplianceFiles {
  readonly image: Sha256;
  readonly kernelPath: string;
  readonly initrdPath: string;
}

export interface ApplianceOptions {
  readonly membership: Pick<Membership, 'publicKey' | 'url' | 'name' | 'keyFingerprint' | 'software'>;
  readonly client: ProjectClient;
  readonly objects: ObjectCache;
  readonly software: Software;
  /** Where the signed document is kept for starts without network. */
  readonly path: string;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * The project's micro appliance: the newest by its own word, or the one known from before while it cannot be reached.
 * @param onKnown told which objects are needed, before they are fetched, so that they are not evicted
 * @returns null where the project has none
 * @throws ProjectError (KeyMismatch, SoftwareRefused among them), ObjectCorrupted, ObjectsTooLarge
 */
export async function fetchAppliance(
  options: ApplianceOptions,
  onKnown: (appliance: Appliance) => void,
): Promise<ApplianceFiles | null> {
  const appliance = await currentDocument(options);
  if (!appliance) return null;
  if (appliance.image !== sha256(`${appliance.kernel.sha256} ${appliance.initrd.sha256}\n`)) {
    throw new KeyMismatch('the appliance is not named by the hash of its parts, so it is not used');
  }
  onKnown(appliance);
  const { membership: member, client, software, objects, signal } = options;
  const placed = placedSoftware(appliance, 'its virtual machine', { member, client, software, signal });
  const fetched = (blob: Blob, name: string) =>
    objects.get(
      blob,
      placed.source(() => name),
      signal,
    );
  try {
    return {
      image: appliance.image,
      kernelPath: await fetched(appliance.kernel, softwareNames.kernel),
      initrdPath: await fetched(appliance.initrd, softwareNames.initrd),
    };
  } finally {
    await placed.close();
  }
}

async function currentDocument(options: ApplianceOptions): Promise<Appliance | null> {
  const open = (signed: Signed) =>
    openSigned(signed, options.membership.publicKey, Appliance, "the project's appliance");
  try {
    const signed = await options.client.appliance(options.signal);
    if (!signed) return null;
    const appliance = open(signed);
    await mkdir(dirname(options.path), { recursive: true });
    await writeFileAtomic(options.path, JSON.stringify(signed));
    return appliance;
  } catch (error) {
    if (!(error instanceof ProjectError) || !error.temporary) throw error;
    const stored = await readStored(options.path, options.log);
    if (!stored) throw error;
    try {
      return open(stored);
    } catch (unusable) {
      options.log.warn({ err: unusable }, 'the stored appliance is not of this project');
      throw error;
    }
  }
}

async function readStored(path: string, log: Logger): Promise<Signed | null> {
  try {
    return Signed.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      log.warn({ err: error, path }, 'stored appliance document unreadable');
    }
    return null;
  }
}
