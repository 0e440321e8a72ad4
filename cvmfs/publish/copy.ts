import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { MASTER_REPLICA } from './filenames.ts';
import { sweep } from './gc.ts';
import type { Place } from './places/place.ts';
import type { Publisher } from './publisher.ts';
import { folderOrigin } from './replicate/origin.ts';
import { type Replicated, replicate } from './replicate/replicate.ts';
import { allObjects } from './store.ts';

/**
 * Brings the copy of a publisher's own repository up to date: what is new in it, the manifest last. Until then the copy is
 * at its old revision, and whoever is cut off goes on where he was by calling it again.
 * @param options `collect`: what the repository has no more is removed from the copy as well
 * @throws PublishError, Refusal, FormatError, NoServer
 */
export async function updateCopy(
  publisher: Publisher,
  to: Place,
  options: { readonly collect: boolean; readonly stopping: AbortSignal; readonly nowSeconds: number },
): Promise<Replicated> {
  const { settings, files } = publisher;
  const { repository, folder } = settings;
  const origin = folderOrigin(folder);
  const masterKey = createPublicKey(await readFile(files.masterPublic(repository)));
  const { stopping, nowSeconds } = options;
  const given = { repository, masterKeys: [masterKey], to, collect: false, stopping, nowSeconds };
  const copied = await replicate({ origin, ...given });
  // Others may copy it from there.
  if (!(await to.has(MASTER_REPLICA))) await to.put(MASTER_REPLICA, Buffer.alloc(0));
  if (!options.collect) return copied;
  const { objectsRemoved: removed } = await sweep(to, new Set(allObjects(folder)), { stopping });
  return { ...copied, removed };
}
