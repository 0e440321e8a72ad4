import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogReference } from '../../format/catalog-writer.ts';
import { FormatError } from '../../format/errors.ts';
import type { Suffix } from '../../format/hashes.ts';
import { algorithmOf, type ContentHash, hashOf, objectPath } from '../../format/hashes.ts';
import { decodeManifest, type Manifest } from '../../format/manifest.ts';
import type { Compression } from '../../format/objects.ts';
import { readReflog } from '../../format/reflog.ts';
import { addCounts, type Counts, NO_COUNTS } from '../../format/statistics.ts';
import { Refusal } from '../../read/errors.ts';
import { NO_BLACKLIST, type Trust, verifyManifest, verifyWhitelist } from '../../read/trust.ts';
import { PublishError, RepositoryDamaged, Stopped } from '../errors.ts';
import { MANIFEST, REFLOG, WHITELIST } from '../filenames.ts';
import { Pool } from '../pool.ts';
import { allObjects, readObject } from '../store.ts';
import { Stored } from '../stored.ts';
import { type CheckedCatalog, checkCatalog, compareCounts, isSameTransition } from './catalog.ts';

export interface CheckOptions {
  readonly folder: string;
  readonly scratch: string;
  /** With them the signatures are checked as a reader checks them. */
  readonly masterKeys: readonly KeyObject[];
  /** Reads every object and takes its hash; else it is only looked whether they are there. */
  readonly readObjects: boolean;
  readonly nowSeconds: number;
  readonly threads?: number;
  readonly stopping?: AbortSignal;
}

export interface Checked {
  readonly problems: readonly string[];
  readonly revision: number;
  readonly catalogs: number;
  readonly entries: number;
  readonly objects: number;
  /** Objects that no revision with a tag and not the newest needs: of older ones, or of publications that were cut off. */
  readonly others: number;
}

interface Needed {
  readonly compression: Compression;
  readonly suffix: Suffix;
  readonly hash: ContentHash;
  readonly plainBytes: number | null;
}

/** Looks whether a repository is what the format asks for, from its signatures down to the bytes of every object. */
export async function checkRepository(options: CheckOptions): Promise<Checked> {
  const check = new RepositoryCheck(options);
  return check.run();
}

/** More are not told. */
const MOST_PROBLEMS = 1000;

class RepositoryCheck {
  readonly #options: CheckOptions;
  readonly #stored: Stored;
  readonly #problems: string[] = [];
  readonly #needed = new Map<string, Needed>();
  readonly #checked = new Map<ContentHash, { catalog: CheckedCatalog; subtree: Counts } | null>();
  #entries = 0;

  constructor(options: CheckOptions) {
    this.#options = options;
    this.#stored = new Stored(options.folder, options.scratch);
  }

  async run(): Promise<Checked> {
    const manifest = this.#manifest();
    if (manifest) {
      await this.#guarded('reflog', () => this.#reflog(manifest));
      const { rootCatalog: hash, rootCatalogBytes: bytes } = manifest;
      await this.#catalog({ path: '', hash, bytes }, null);
      await this.#guarded('root catalog', () =>
        this.#stored.catalog(hash, ({ properties }) => {
          const revision = properties.get('revision');
          if (Number(revision) !== manifest.revision)
            this.#tell(`${MANIFEST} is of revision ${manifest.revision}, its root catalog of ${revision}`);
        }),
      );
      await this.#guarded('history', () => this.#history(manifest));
      for (const suffix of ['X', 'H', 'M'] as const) {
        const aux = { X: manifest.certificate, H: manifest.history, M: manifest.metainfo }[suffix];
        if (aux !== undefined) this.#need(aux, suffix, 'zlib', null);
      }
      if (manifest.alternativeNames) this.#alternativeNames(manifest);
      await this.#objects();
    }
    let others = 0;
    for (const path of allObjects(this.#options.folder)) if (!this.#needed.has(path)) others++;
    return {
      problems: this.#problems,
      revision: manifest?.revision ?? 0,
      catalogs: this.#checked.size,
      entries: this.#entries,
      objects: this.#needed.size,
      others,
    };
  }

  #manifest(): Manifest | null {
    const { folder, masterKeys, nowSeconds } = this.#options;
    try {
      const bytes = readFileSync(join(folder, MANIFEST));
      const { manifest } = decodeManifest(bytes);
      const { repository, certificate } = manifest;
      if (repository === undefined || certificate === undefined) {
        this.#tell(`${MANIFEST} names no ${repository === undefined ? 'repository' : 'certificate'}`);
        return manifest;
      }
      try {
        const trust: Trust = { repository, masterKeys, blacklist: NO_BLACKLIST };
        const pem = readObject(folder, certificate, 'X');
        if (masterKeys.length > 0) {
          const whitelist = verifyWhitelist(readFileSync(join(folder, WHITELIST)), trust, nowSeconds);
          verifyManifest(bytes, pem, whitelist, trust);
        }
      } catch (error) {
        this.#expected(error, 'signatures');
      }
      return manifest;
    } catch (error) {
      this.#expected(error, MANIFEST);
      return null;
    }
  }

  async #reflog({ reflog, rootCatalog, certificate, history, metainfo }: Manifest): Promise<void> {
    const path = join(this.#options.folder, REFLOG);
    const isThere = existsSync(path);
    if (!isThere && reflog === undefined) return;
    if (!isThere || reflog === undefined) {
      this.#tell(isThere ? `${REFLOG} is there and ${MANIFEST} does not name it` : `${REFLOG} is missing`);
      return;
    }
    const bytes = readFileSync(path);
    if (hashOf(algorithmOf(reflog), bytes) !== reflog)
      this.#tell(`${REFLOG} is not the one that ${MANIFEST} names`);
    const scratch = this.#stored.scratchPath();
    await writeFile(scratch, bytes);
    const known = new Set(readReflog(scratch).references.map(({ hash }) => hash));
    for (const hash of [rootCatalog, certificate, history, metainfo]) {
      if (hash !== undefined && !known.has(hash))
        this.#tell(`${REFLOG} does not know ${hash}, which is published`);
    }
  }

  async #history({ history: hash, repository }: Manifest): Promise<void> {
    if (hash === undefined) return;
    const history = await this.#stored.history(hash);
    if (history.repository !== repository) this.#tell(`the history is of ${history.repository}`);
    for (const { branch } of history.branches) {
      if (!history.tags.some((tag) => tag.branch === branch)) this.#tell(`the branch "${branch}" has no tag`);
    }
    for (const { name, rootCatalog, rootCatalogBytes } of history.tags) {
      await this.#guarded(`tag ${name}`, () =>
        this.#catalog({ path: '', hash: rootCatalog, bytes: rootCatalogBytes }, null),
      );
    }
  }

  /** @param mountpoint the directory's row in the catalog that holds it */
  async #catalog(reference: CatalogReference, mountpoint: CheckedCatalog['root'] | null): Promise<Counts> {
    if (this.#options.stopping?.aborted) throw new Stopped();
    const { path, hash, bytes } = reference;
    const of = `catalog of ${path || '/'}`;
    const before = this.#checked.get(hash);
    if (before === undefined) {
      this.#checked.set(hash, null);
      this.#need(hash, 'C', 'zlib', bytes ?? null);
      await this.#guarded(of, () => this.#checkOne(reference, (problem) => this.#tell(`${of}: ${problem}`)));
    }
    const found = this.#checked.get(hash);
    if (!found) return NO_COUNTS;
    if (mountpoint && !isSameTransition(mountpoint, found.catalog.root))
      this.#tell(`${of}: its root is not as it is in the catalog that holds it`);
    return found.subtree;
  }

  async #checkOne(reference: CatalogReference, tell: (problem: string) => void): Promise<void> {
    const { path, hash, bytes } = reference;
    const { catalog, nested } = await this.#stored.catalog(hash, (reader, found) => {
      if (reader.rootPath !== path) tell(`it says that it is of ${reader.rootPath || '/'}`);
      if (bytes !== undefined && bytes !== found) tell(`it has ${found} bytes, and ${bytes} are said of it`);
      for (const one of reader.objects()) this.#need(one.hash, one.suffix, one.compression, one.bytes);
      return { catalog: checkCatalog(reader, tell), nested: reader.nested() };
    });
    this.#entries += catalog.self.regular + catalog.self.symlink + catalog.self.special + catalog.self.dir;
    let subtree = NO_COUNTS;
    for (const one of nested) {
      subtree = addCounts(subtree, await this.#catalog(one, catalog.mountpoints.get(one.path) ?? null));
    }
    compareCounts('subtree', catalog.statistics.subtree, subtree, tell);
    this.#checked.set(hash, { catalog, subtree: addCounts(subtree, catalog.self) });
  }

  #need(hash: ContentHash, suffix: Suffix, compression: Compression, plainBytes: number | null): void {
    this.#needed.set(objectPath(hash, suffix), { hash, suffix, compression, plainBytes });
  }

  async #objects(): Promise<void> {
    const { folder, readObjects, threads, stopping } = this.#options;
    if (!readObjects) {
      for (const path of this.#needed.keys())
        if (!existsSync(join(folder, path))) this.#tell(`${path} is missing`);
      return;
    }
    const store = { folder, algorithm: 'sha1', compression: 'zlib', dryRun: true, rewrite: false } as const;
    const pool = new Pool({ store, bounds: { minBytes: 64, averageBytes: 64, maxBytes: 64 } }, threads);
    const stop = () => void pool.close(new Stopped());
    stopping?.addEventListener('abort', stop, { once: true });
    try {
      const asked: Promise<void>[] = [];
      for (const [path, { hash, compression, plainBytes }] of this.#needed) {
        await pool.room();
        const at = join(folder, path);
        const bytes = statSync(at, { throwIfNoEntry: false })?.size ?? 0;
        const verified = pool.ask<'verify'>({
          kind: 'verify',
          path: at,
          hash,
          compression,
          plainBytes,
          bytes,
        });
        const told = verified.then(({ problem }) => {
          if (problem !== null) this.#tell(`${path} ${problem}`);
        });
        // Looked at below; it may be refused before.
        told.catch(() => {});
        asked.push(told);
      }
      await Promise.all(asked);
    } finally {
      stopping?.removeEventListener('abort', stop);
      await pool.close();
    }
  }

  #alternativeNames({ rootCatalog, certificate, history, metainfo }: Manifest): void {
    const names = [
      [rootCatalog, 'C'],
      [certificate, 'X'],
      [history, 'H'],
      [metainfo, 'M'],
    ] as const;
    for (const [hash, suffix] of names) {
      const name = `.cvmfsalt-${hash}${suffix}`;
      if (hash !== undefined && !existsSync(join(this.#options.folder, name)))
        this.#tell(`${name} is missing`);
    }
  }

  async #guarded(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#expected(error, what);
    }
  }

  /** What is wrong with the repository is told; anything else is a fault of ours, or of this computer. */
  #expected(error: unknown, what: string): void {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const ofRepository =
      error instanceof RepositoryDamaged ||
      error instanceof FormatError ||
      error instanceof Refusal ||
      isMissing;
    if (!ofRepository || (error instanceof PublishError && !(error instanceof RepositoryDamaged)))
      throw error;
    this.#tell(`${what}: ${isMissing ? 'is missing' : error instanceof Error ? error.message : error}`);
  }

  #tell(problem: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(problem);
  }
}
