import { type ContentHash, parseHash } from '../format/hashes.ts';
import type { Manifest } from '../format/manifest.ts';
import type { Stored } from './stored.ts';

export interface PublishedRevision {
  readonly rootCatalog: ContentHash;
  readonly rootCatalogBytes: number;
  readonly revision: number;
  /** Seconds since 1970. */
  readonly modified: number;
}

/** The newest revision and those before it, back to the first that is there still. */
export async function* revisions(
  stored: Stored,
  manifest: Pick<Manifest, 'rootCatalog'>,
): AsyncGenerator<PublishedRevision> {
  const visited = new Set<ContentHash>();
  let next: ContentHash | null = manifest.rootCatalog;
  while (next !== null && !visited.has(next)) {
    const hash: ContentHash = next;
    visited.add(hash);
    const { previous, ...found } = await stored.catalog(hash, ({ properties }, bytes) => ({
      rootCatalog: hash,
      rootCatalogBytes: bytes,
      revision: Number(properties.get('revision') ?? 0),
      modified: Number(properties.get('last_modified') ?? 0),
      previous: properties.get('previous_revision') ?? '',
    }));
    yield found;
    // Forty zeros, or nothing: there was none.
    const isHash = previous !== '' && !/^0{40}/.test(previous);
    const before = isHash ? parseHash(previous) : null;
    next = before !== null && (await stored.has(before)) ? before : null;
  }
}
