import { type CatalogContent, encodeCatalog } from '../format/catalog-writer.ts';
import { objectPath } from '../format/hashes.ts';
import { commit } from './commit.ts';
import { PublishError } from './errors.ts';
import type { Publisher } from './publisher.ts';
import { putObject } from './store.ts';
import { itemsOf } from './stored.ts';
import { findTag, revisionNumbered } from './tags.ts';

/** There is nothing to go back to. */
export class NothingToRollBack extends PublishError {}

/**
 * Publishes an old revision anew, with a new number: readers never go back. Tags stay.
 * @returns the new number
 */
export async function rollback(
  publisher: Publisher,
  to: { readonly tag: string } | { readonly revision: number },
  nowSeconds: number,
): Promise<number> {
  const current = await publisher.current();
  const { manifest, history } = current;
  const { rootCatalog: old } =
    'tag' in to
      ? findTag(history?.tags ?? [], to.tag)
      : await revisionNumbered(publisher, current, to.revision);
  if (old === manifest.rootCatalog) throw new NothingToRollBack('that is what is published now');
  const revision = manifest.revision + 1;
  const content = await publisher.stored.catalog(
    old,
    (reader): CatalogContent => ({
      rootPath: '',
      revision,
      lastModified: nowSeconds,
      previous: manifest.rootCatalog,
      ttlSeconds: publisher.settings.ttlSeconds,
      entries: [...itemsOf(reader)],
      nested: reader.nested(),
      bindMountpoints: reader.bindMountpoints(),
      statistics: reader.statistics(),
    }),
  );
  const plain = encodeCatalog(content);
  const { hash } = putObject(publisher.storeOptions(false, await publisher.wasCutOff()), plain, 'C');
  const written = [objectPath(hash, 'C')];
  await commit(
    publisher,
    current,
    { rootCatalog: hash, rootCatalogBytes: plain.length, revision, written },
    nowSeconds,
  );
  return revision;
}
