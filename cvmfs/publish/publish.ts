import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CatalogBefore } from '../format/catalog-update.ts';
import { type ContentHash, objectPath } from '../format/hashes.ts';
import { nameOf, parentOf, type RepositoryPath } from '../format/paths.ts';
import { buildCatalogs } from './build.ts';
import { readCatalogNotes, writeCatalogNotes } from './catalog-notes.ts';
import { commit } from './commit.ts';
import { type Changes, changesBetween, NO_CHANGES, nodeView, storedView } from './diff.ts';
import { type Dirtab, NO_DIRTAB, parseDirtab } from './dirtab.ts';
import { SourceFault, Stopped } from './errors.ts';
import { DIRTAB } from './filenames.ts';
import { Intake } from './intake.ts';
import { placeMarkers } from './placement.ts';
import { Pool } from './pool.ts';
import { makeProgress, type Progress } from './progress.ts';
import type { Publisher, Revision } from './publisher.ts';
import { Seen } from './seen.ts';
import type { Source } from './sources/source.ts';
import { putObject, readObject, type StoreOptions } from './store.ts';
import { catalogsOf, loadTree } from './stored.ts';
import { checkNewTag, type NewTag, tagOf } from './tags.ts';
import { findNode, makeNode, type Node } from './tree.ts';

/** Of catalogs that are compared later, so many rows are kept in memory; the rest is read a second time. */
const MOST_LOOKED_ROWS = 200_000;

export interface PublishOptions {
  /** Where in the repository; what was there is replaced. "": all of it. */
  readonly at?: RepositoryPath;
  readonly tag?: NewTag;
  /** Nothing is written; all else is done, so that the summary is what it would be. */
  readonly dryRun?: boolean;
  /** Reads all files, whatever their times say. */
  readonly paranoid?: boolean;
  readonly threads?: number;
  readonly progress?: Progress;
  readonly stopping?: AbortSignal;
  readonly nowSeconds?: number;
}

export interface Published {
  /** null: nothing has changed, or it was not meant. */
  readonly revision: number | null;
  readonly changes: Changes;
  readonly progress: Progress;
  readonly catalogs: number;
  readonly catalogsWritten: number;
  readonly seconds: number;
  readonly warnings: readonly string[];
}

/**
 * Publishes a source as the next revision: files, then catalogs, then the manifest. Whoever is killed, or fails, before
 * the manifest is renamed leaves the old revision as it was.
 * @throws PublishError
 */
export async function publish(
  publisher: Publisher,
  source: Source,
  options: PublishOptions = {},
): Promise<Published> {
  const begunAt = performance.now();
  const at = options.at ?? '';
  const dryRun = options.dryRun === true;
  const nowSeconds = options.nowSeconds ?? Math.floor(Date.now() / 1000);
  const progress = options.progress ?? makeProgress();
  const { settings, stored, files } = publisher;
  const current = await publisher.current();
  const oldTags = current.history?.tags ?? [];
  if (options.tag) checkNewTag(oldTags, options.tag.name);
  const store = publisher.storeOptions(dryRun, await publisher.wasCutOff());
  if (!dryRun) await publisher.setUnfinished(true);
  const how = `${settings.algorithm} ${settings.compression}`;
  const seen = source.identity === null ? null : await Seen.open(files.seen, source.identity, how);
  const { min, average, max } = settings.chunkBytes;
  const bounds = { minBytes: min, averageBytes: average, maxBytes: max };
  const pool = new Pool({ store, bounds }, options.threads);
  const stop = () => void pool.close(new Stopped());
  options.stopping?.addEventListener('abort', stop, { once: true });
  let root: Node;
  let intake: Intake;
  try {
    if (options.stopping?.aborted) throw new Stopped();
    intake = new Intake(pool, settings, seen, options.paranoid === true, progress);
    const taken = await source.read(intake);
    progress.phase = 'storing';
    await intake.settled();
    root = await graft(publisher, current, at, taken);
  } finally {
    options.stopping?.removeEventListener('abort', stop);
    await pool.close();
  }
  progress.phase = 'catalogs';
  const before = reference(current);
  const notes = await readCatalogNotes(files.catalogs);
  const noted = notes?.root === before.hash ? notes : null;
  const old = noted?.catalogs ?? (await catalogsOf(stored, before));
  const warnings: string[] = [];
  const split = placeMarkers(root, {
    dirtab: dirtabOf(root, store, warnings),
    auto: settings.autoCatalogs,
    before: notes?.split ?? new Set(),
    empty: () => ({ bytes: 0, hash: putObject(store, new Uint8Array(0), '').hash, chunks: null }),
  });
  const revision = current.manifest.revision + 1;
  const looked = new Map<ContentHash, Pick<CatalogBefore, 'items' | 'nested'>>();
  let lookedRows = 0;
  const built = await buildCatalogs(root, {
    store,
    revision,
    nowSeconds,
    ttlSeconds: settings.ttlSeconds,
    before: old,
    noted: noted?.catalogs ?? new Map(),
    read: async (hash) => {
      const own = await stored.ownCatalog(hash);
      lookedRows += own?.items.length ?? 0;
      if (own && lookedRows <= MOST_LOOKED_ROWS) looked.set(hash, { items: own.items, nested: own.nested });
      return own;
    },
  });
  progress.newObjects += built.newObjects.length;
  progress.newObjectBytes += built.newBytes;
  const isSame = built.root.hash === before.hash;
  const changes = isSame
    ? NO_CHANGES
    : await changesBetween(await storedView(stored, before, looked), nodeView(root, built.all));
  // Without notes all catalogs are written anew; that alone is no change.
  const differs = changes.added + changes.changed + changes.removed > 0;
  const changed = !isSame && (noted !== null || differs);
  progress.phase = 'finishing';
  const summary = {
    changes,
    progress,
    catalogs: built.all.size,
    catalogsWritten: [...built.all.values()].filter(({ path, hash }) => old.get(path)?.hash !== hash).length,
    warnings: [...warnings, ...built.warnings],
  };
  if (dryRun || (!changed && !options.tag)) {
    if (!dryRun) {
      await seen?.save();
      await publisher.setUnfinished(false);
    }
    return { revision: null, ...summary, seconds: (performance.now() - begunAt) / 1000 };
  }
  if (options.stopping?.aborted) throw new Stopped();
  const now = changed
    ? { rootCatalog: built.root.hash, rootCatalogBytes: built.root.bytes, revision }
    : { rootCatalog: before.hash, rootCatalogBytes: before.bytes, revision: current.manifest.revision };
  const written = [...intake.newObjects, ...built.newObjects];
  const tags = options.tag && [...oldTags, tagOf(options.tag, { ...now, modified: nowSeconds }, nowSeconds)];
  await commit(publisher, current, { ...now, written, ...(tags ? { tags } : {}) }, nowSeconds);
  // These are notes: without them the next time takes longer.
  if (changed) await writeCatalogNotes(files.catalogs, { root: now.rootCatalog, catalogs: built.all, split });
  await seen?.save();
  await publisher.setUnfinished(false);
  return { revision: now.revision, ...summary, seconds: (performance.now() - begunAt) / 1000 };
}

function reference({ manifest }: Revision) {
  return { path: '', hash: manifest.rootCatalog, bytes: manifest.rootCatalogBytes ?? 0 };
}

/** The whole tree: what was taken, at its place in what is published. */
async function graft(
  publisher: Publisher,
  current: Revision,
  at: RepositoryPath,
  taken: Node,
): Promise<Node> {
  if (at === '') {
    if (!taken.children) throw new SourceFault('only a folder can be the whole of a repository');
    return taken;
  }
  const root = await loadTree(publisher.stored, reference(current), at);
  const { uid, gid, mtime, mtimeNs } = taken.entry;
  let parent = root;
  for (const name of parentOf(at).split('/').slice(1)) {
    let child = parent.children?.get(name);
    if (!child) {
      child = makeNode({ name, mode: 0o040755, uid, gid, mtime, mtimeNs: mtimeNs ?? 0 });
      parent.children?.set(name, child);
    }
    if (!child.children) throw new SourceFault(`"${name}" above ${at} is no folder in the repository`);
    parent = child;
  }
  const name = nameOf(at);
  parent.children?.set(name, { ...taken, entry: { ...taken.entry, name }, link: null });
  return root;
}

function dirtabOf(root: Node, store: StoreOptions, warnings: string[]): Dirtab {
  const node = findNode(root, `/${DIRTAB}`);
  if (node?.entry.kind !== 'file' || node.entry.hash === null) return NO_DIRTAB;
  const { hash, compression } = node.entry;
  if (store.dryRun && !existsSync(join(store.folder, objectPath(hash, '')))) {
    warnings.push(`the new ${DIRTAB} is not followed in a dry run`);
    return NO_DIRTAB;
  }
  return parseDirtab(readObject(store.folder, hash, '', compression).toString('latin1'));
}
