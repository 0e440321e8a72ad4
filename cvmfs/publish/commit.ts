import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../../platform/files.ts';
import { type ContentHash, hashOf, objectPath } from '../format/hashes.ts';
import { MAIN_BRANCH, type Tag } from '../format/history.ts';
import { encodeHistory } from '../format/history-writer.ts';
import { encodeManifest, type Manifest } from '../format/manifest.ts';
import { encodeReflog, type Reference, type ReferenceType } from '../format/reflog.ts';
import { signManifestHash } from '../format/signatures.ts';
import { inWords, StoreFault } from './errors.ts';
import { MANIFEST, REFLOG, STAGING } from './filenames.ts';
import type { Publisher, Revision } from './publisher.ts';
import { putObject, syncStore } from './store.ts';

export interface Change {
  readonly rootCatalog: ContentHash;
  readonly rootCatalogBytes: number;
  readonly revision: number;
  /** All of them, where they are others than before. */
  readonly tags?: readonly Tag[];
  /** Objects that the reflog need not know any more. */
  readonly forget?: ReadonlySet<ContentHash>;
  /** Objects that were written for this, as paths below the repository. */
  readonly written: Iterable<string>;
}

/**
 * Publishes a revision whose catalogs and files are in the store. Until the last rename the old revision stands; from
 * it on the new one does. What was written in vain is found by the next garbage collection.
 * @throws StoreFault
 */
export async function commit(
  publisher: Publisher,
  before: Revision | null,
  change: Change,
  nowSeconds: number,
): Promise<Manifest> {
  try {
    return await replace(publisher, before, change, nowSeconds);
  } catch (error) {
    throw inWords(error, `cannot write to ${publisher.settings.folder}`, StoreFault);
  }
}

async function replace(
  publisher: Publisher,
  before: Revision | null,
  change: Change,
  nowSeconds: number,
): Promise<Manifest> {
  const { settings } = publisher;
  const { folder, algorithm, repository } = settings;
  const store = publisher.storeOptions(false, await publisher.wasCutOff());
  const written = [...change.written];
  const put = (plain: Uint8Array, suffix: 'X' | 'H') => {
    const { hash } = putObject(store, plain, suffix);
    written.push(objectPath(hash, suffix));
    return hash;
  };
  const certificate = put(publisher.certificatePem, 'X');
  let history = before?.manifest.history;
  if (change.tags) history = change.tags.length === 0 ? undefined : put(historyOf(change.tags), 'H');
  // Clients take no manifest that is older than the last one, whatever this clock says.
  const publishedAt = Math.max(nowSeconds, before?.manifest.publishedAt ?? 0);
  const pointedAt: [ContentHash | undefined, ReferenceType][] = [
    [change.rootCatalog, 'catalog'],
    [certificate, 'certificate'],
    [history, 'history'],
    [before?.manifest.metainfo, 'metainfo'],
  ];
  const references = new Map<ContentHash, Reference>();
  for (const one of before?.reflog.references ?? []) {
    if (!change.forget?.has(one.hash)) references.set(one.hash, one);
  }
  for (const [hash, type] of pointedAt) {
    if (hash !== undefined && !references.has(hash))
      references.set(hash, { hash, type, timestamp: publishedAt });
  }
  const reflog = encodeReflog({ repository, references: [...references.values()] });
  const manifest: Manifest = {
    rootCatalog: change.rootCatalog,
    rootCatalogBytes: change.rootCatalogBytes,
    ttlSeconds: settings.ttlSeconds,
    revision: change.revision,
    garbageCollectable: settings.garbageCollectable,
    alternativeNames: false,
    repository,
    certificate,
    history,
    publishedAt,
    metainfo: before?.manifest.metainfo,
    reflog: hashOf(algorithm, reflog),
  };
  const signed = encodeManifest(manifest, (hash) => signManifestHash(hash, publisher.signingKey), algorithm);
  await publisher.keepReflog(hashOf(algorithm, reflog), reflog, before?.manifest.reflog);
  await syncStore(folder, written);
  // Both are on the disk before the first is renamed: the time between is as short as can be.
  const names = [
    [REFLOG, reflog],
    [MANIFEST, signed],
  ] as const;
  for (const [name, bytes] of names) await writeSynced(join(folder, STAGING, name), bytes);
  for (const [name] of names) await rename(join(folder, STAGING, name), join(folder, name));
  await syncFolder(folder);
  return manifest;

  function historyOf(tags: readonly Tag[]): Buffer {
    const previous = before?.manifest.history;
    return encodeHistory({ repository, previous, tags, branches: [MAIN_BRANCH] });
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
