import { setImmediate as turn } from 'node:timers/promises';
import { type ContentHash, objectPath } from '../format/hashes.ts';
import { commit } from './commit.ts';
import { PublishError, Stopped } from './errors.ts';
import { FolderPlace } from './places/folder.ts';
import type { Place } from './places/place.ts';
import type { Publisher, Revision } from './publisher.ts';
import { revisions } from './revisions.ts';
import type { Stored } from './stored.ts';

/** Which revisions stay, besides the newest and those with a tag. */
export interface Keep {
  /** So many of the last. */
  readonly revisions: number;
  /** All that are no older. */
  readonly days: number;
}

export interface Collected {
  readonly revisionsKept: number;
  readonly objectsKept: number;
  readonly objectsRemoved: number;
  readonly bytesRemoved: number;
}

export interface CollectOptions {
  readonly dryRun?: boolean;
  readonly stopping?: AbortSignal;
  readonly nowSeconds: number;
}

/**
 * Removes what no kept revision needs, also what publications that were cut off left. The manifest whose reflog does not
 * name the removed comes first: whoever is killed in between leaves too much, never too little.
 */
export async function collectGarbage(
  publisher: Publisher,
  keep: Keep,
  options: CollectOptions,
): Promise<Collected> {
  const { settings, stored } = publisher;
  if (!settings.garbageCollectable)
    throw new PublishError(`${settings.repository} says of itself that nothing is ever removed from it`);
  const current = await publisher.current();
  const { manifest } = current;
  const roots = await rootsToKeep(publisher, current, keep, options.nowSeconds);
  const aux = new Set(
    [manifest.certificate, manifest.history, manifest.metainfo].filter((one) => one !== undefined),
  );
  const marked = new Set<string>();
  for (const root of roots) await markCatalog(stored, root, marked);
  for (const suffix of ['X', 'H', 'M'] as const) for (const hash of aux) marked.add(objectPath(hash, suffix));
  const forget = new Set(
    current.reflog.references.map(({ hash }) => hash).filter((hash) => !roots.has(hash) && !aux.has(hash)),
  );
  if (options.stopping?.aborted) throw new Stopped();
  if (forget.size > 0 && options.dryRun !== true) {
    const { rootCatalog, rootCatalogBytes = 0, revision } = manifest;
    const change = { rootCatalog, rootCatalogBytes, revision, forget, written: [] };
    await commit(publisher, current, change, options.nowSeconds);
  }
  return { revisionsKept: roots.size, ...(await sweep(new FolderPlace(settings.folder), marked, options)) };
}

async function rootsToKeep(
  { stored }: Publisher,
  { manifest, history, reflog }: Revision,
  keep: Keep,
  nowSeconds: number,
): Promise<Set<ContentHash>> {
  const since = nowSeconds - keep.days * 86_400;
  const roots = new Set<ContentHash>([manifest.rootCatalog]);
  let place = 0;
  for await (const { rootCatalog, modified } of revisions(stored, manifest)) {
    if (place++ < keep.revisions || modified >= since) roots.add(rootCatalog);
    else break;
  }
  for (const { rootCatalog } of history?.tags ?? []) roots.add(rootCatalog);
  // What the chain does not lead to any more.
  for (const { hash, type, timestamp } of reflog.references) {
    if (type === 'catalog' && timestamp >= since && (await stored.has(hash))) roots.add(hash);
  }
  return roots;
}

/** Adds the paths of a catalog and of all that it leads to. */
export async function markCatalog(stored: Stored, hash: ContentHash, marked: Set<string>): Promise<void> {
  const path = objectPath(hash, 'C');
  if (marked.has(path)) return;
  marked.add(path);
  const nested = await stored.catalog(hash, (reader) => {
    for (const one of reader.objects()) marked.add(objectPath(one.hash, one.suffix));
    return [...reader.nested(), ...reader.bindMountpoints()];
  });
  for (const one of nested) await markCatalog(stored, one.hash, marked);
}

/** So many names are looked at before other work has its turn. */
const NAMES_A_TURN = 1000;

/** Removes all objects that are not marked. */
export async function sweep(
  place: Pick<Place, 'list' | 'remove'>,
  marked: ReadonlySet<string>,
  { dryRun, stopping }: Pick<CollectOptions, 'dryRun' | 'stopping'>,
): Promise<Omit<Collected, 'revisionsKept'>> {
  let [objectsKept, objectsRemoved, bytesRemoved, seen] = [0, 0, 0, 0];
  for await (const object of place.list()) {
    const { path } = object;
    if (++seen % NAMES_A_TURN === 0) await turn();
    if (stopping?.aborted) throw new Stopped();
    if (marked.has(path)) {
      objectsKept++;
      continue;
    }
    objectsRemoved++;
    bytesRemoved += object.bytes;
    if (dryRun !== true) await place.remove(path);
  }
  return { objectsKept, objectsRemoved, bytesRemoved };
}
