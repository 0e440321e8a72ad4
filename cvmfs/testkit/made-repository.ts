import { type CatalogItem, type CatalogReference, encodeCatalog } from '../format/catalog-writer.ts';
import { parseCertificate } from '../format/certificate.ts';
import type { Chunk } from '../format/chunks.ts';
import type { Entry } from '../format/entry.ts';
import { PLAIN } from '../format/flags.ts';
import { type Algorithm, type ContentHash, objectPath, type Suffix } from '../format/hashes.ts';
import { MAIN_BRANCH, type Tag } from '../format/history.ts';
import { encodeHistory } from '../format/history-writer.ts';
import { encodeManifest, type Manifest } from '../format/manifest.ts';
import { encodeObject } from '../format/objects.ts';
import { isWithin, nameOf, parentOf } from '../format/paths.ts';
import { signManifestHash, signWhitelistHash } from '../format/signatures.ts';
import { addCounts, countEntry, NO_COUNTS } from '../format/statistics.ts';
import { encodeWhitelist, type Whitelist } from '../format/whitelist.ts';
import type { SigningKeys } from './keys.ts';

/** What a server serves, by path below the repository's address. */
export type Files = Map<string, Buffer>;

export interface Made {
  readonly name: string;
  readonly keys: SigningKeys;
  readonly revision?: number;
  readonly algorithm?: Algorithm;
  /** Path -> content of a file; "@target" is a link. Folders make themselves. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** Folders with a catalog of their own. */
  readonly nested?: readonly string[];
  /** Larger files are cut into pieces of this size. */
  readonly pieceBytes?: number;
  readonly tags?: readonly Tag[];
  readonly manifest?: Partial<Manifest>;
  readonly whitelist?: Partial<Whitelist>;
  /** Changes a row before it is written. */
  readonly twist?: (item: CatalogItem) => CatalogItem;
  /** Says of a nested catalog what is not so. */
  readonly twistNested?: (reference: CatalogReference) => CatalogReference;
}

/** A repository small enough for a test, written by the codecs. */
export function makeRepository(made: Made, into: Files = new Map()): Files {
  const algorithm = made.algorithm ?? 'sha1';
  const put = (plain: Uint8Array, suffix: Suffix): ContentHash => {
    const { hash, stored } = encodeObject(algorithm, plain);
    into.set(objectPath(hash, suffix), Buffer.from(stored));
    return hash;
  };
  const items = new Map<string, CatalogItem>();
  const folder = (path: string): void => {
    if (items.has(path)) return;
    if (path !== '') folder(parentOf(path));
    items.set(path, {
      path,
      entry: { ...BASE, kind: 'directory', mode: 0o040755, size: 4096, name: nameOf(path), links: 2 },
    });
  };
  folder('');
  for (const [path, content] of Object.entries(made.files)) {
    folder(parentOf(path));
    items.set(path, itemOf(path, content, made.pieceBytes ?? Number.POSITIVE_INFINITY, algorithm, put));
  }
  const references: CatalogReference[] = [];
  // The deepest first: a parent names its children's hashes.
  for (const root of [...(made.nested ?? [])].sort((a, b) => b.length - a.length).concat('')) {
    const inner = references.filter(({ path }) => path !== root && isWithin(path, root));
    const own = [...items.values()]
      .filter(
        ({ path }) =>
          isWithin(path, root) && !inner.some((one) => path !== one.path && isWithin(path, one.path)),
      )
      .map((item) => {
        const isInner = inner.some(({ path }) => path === item.path);
        const entry = {
          ...item.entry,
          nestedMountpoint: isInner,
          nestedRoot: item.path === root && root !== '',
        };
        return made.twist?.({ ...item, entry }) ?? { ...item, entry };
      });
    const plain = encodeCatalog({
      rootPath: root,
      revision: made.revision ?? 1,
      lastModified: 1,
      previous: undefined,
      entries: own,
      nested: inner.map((one) => made.twistNested?.(one) ?? one),
      statistics: {
        self: own
          .map(({ entry, chunks }) => countEntry(entry, chunks?.length ?? 0))
          .reduce(addCounts, NO_COUNTS),
        subtree: NO_COUNTS,
      },
    });
    for (const one of inner) references.splice(references.indexOf(one), 1);
    references.push({ path: root, hash: put(plain, 'C'), bytes: plain.length });
  }
  const root = references.find(({ path }) => path === '');
  let history: ContentHash | undefined;
  if (made.tags) {
    const plain = encodeHistory({
      repository: made.name,
      previous: undefined,
      tags: made.tags,
      branches: [MAIN_BRANCH],
    });
    history = put(plain, 'H');
  }
  const manifest: Manifest = {
    rootCatalog: root?.hash ?? '',
    rootCatalogBytes: root?.bytes,
    ttlSeconds: 240,
    revision: made.revision ?? 1,
    garbageCollectable: false,
    alternativeNames: false,
    repository: made.name,
    certificate: put(Buffer.from(made.keys.certificatePem), 'X'),
    history,
    publishedAt: 1_790_000_000 + (made.revision ?? 1),
    metainfo: undefined,
    reflog: undefined,
    ...made.manifest,
  };
  into.set(
    '.cvmfspublished',
    encodeManifest(manifest, (hash) => signManifestHash(hash, made.keys.certificateKey)),
  );
  const whitelist: Whitelist = {
    issuedAt: 0,
    expiresAt: 4_000_000_000,
    repository: made.name,
    pkcs7: false,
    fingerprints: [parseCertificate(Buffer.from(made.keys.certificatePem)).fingerprint('sha1')],
    ...made.whitelist,
  };
  into.set(
    '.cvmfswhitelist',
    encodeWhitelist(whitelist, (hash) => signWhitelistHash(hash, made.keys.masterKey)),
  );
  return into;
}

const BASE: Omit<Entry, 'kind' | 'mode' | 'size' | 'name'> = {
  ...PLAIN,
  uid: 0,
  gid: 0,
  mtime: 1_790_000_000,
  mtimeNs: 5,
  links: 1,
  hardlinkGroup: 0,
  hash: null,
  target: '',
  xattrs: new Map(),
};

function itemOf(
  path: string,
  content: string | Buffer,
  pieceBytes: number,
  algorithm: Algorithm,
  put: (plain: Uint8Array, suffix: Suffix) => ContentHash,
): CatalogItem {
  const name = nameOf(path);
  if (typeof content === 'string' && content.startsWith('@')) {
    const target = content.slice(1);
    return { path, entry: { ...BASE, kind: 'symlink', mode: 0o120777, size: target.length, name, target } };
  }
  const plain = Buffer.from(content);
  const entry: Entry = { ...BASE, kind: 'file', mode: 0o100644, size: plain.length, name, algorithm };
  if (plain.length <= pieceBytes) return { path, entry: { ...entry, hash: put(plain, '') } };
  const chunks: Chunk[] = [];
  for (let offset = 0; offset < plain.length; offset += pieceBytes) {
    const piece = plain.subarray(offset, offset + pieceBytes);
    chunks.push({ offset, bytes: piece.length, hash: put(piece, 'P') });
  }
  return { path, entry: { ...entry, chunked: true }, chunks };
}
