import type { KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
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
import { Tasks } from '../at-once.ts';
import { PublishError, RepositoryDamaged, Stopped } from '../errors.ts';
import { MANIFEST, REFLOG, WHITELIST } from '../filenames.ts';
import type { Place } from '../places/place.ts';
import { readPlaced } from '../places/read.ts';
import { Pool } from '../pool.ts';
import { problemOf } from '../problem.ts';
import { Stored } from '../stored.ts';
import { type CheckedCatalog, checkCatalog, compareCounts, isSameTransition } from './catalog.ts';

export interface CheckOptions {
  readonly place: Place;
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

/** Under way at once, where objects come over a network. */
const REQUESTS = 8;
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
    this.#stored = new Stored(options.place, options.scratch);
  }

  async run(): Promise<Checked> {
    const manifest = await this.#manifest();
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
      if (manifest.alternativeNames) await this.#alternativeNames(manifest);
      await this.#objects();
    }
    let others = 0;
    for await (const { path } of this.#options.place.list()) if (!this.#needed.has(path)) others++;
    return {
      problems: this.#problems,
      revision: manifest?.revision ?? 0,
      catalogs: this.#checked.size,
      entries: this.#entries,
      objects: this.#needed.size,
      others,
    };
  }

  async #manifest(): Promise<Manifest | null> {
    const { place, masterKeys, nowSeconds } = this.#options;
    try {
      const bytes = await this.#read(MANIFEST);
      const { manifest } = decodeManifest(bytes);
      const { repository, certificate } = manifest;
      if (repository === undefined || certificate === undefined) {
        this.#tell(`${MANIFEST} names no ${repository === undefined ? 'repository' : 'certificate'}`);
        return manifest;
      }
      try {
        const trust: Trust = { repository, masterKeys, blacklist: NO_BLACKLIST };
        const pem = await readPlaced(place, certificate, 'X');
        if (masterKeys.length > 0) {
          const whitelist = verifyWhitelist(await this.#read(WHITELIST), trust, nowSeconds);
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
    const bytes = await this.#options.place.read(REFLOG);
    if (!bytes && reflog === undefined) return;
    if (!bytes || reflog === undefined) {
      this.#tell(bytes ? `${REFLOG} is there and ${MANIFEST} does not name it` : `${REFLOG} is missing`);
      return;
    }
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
    const { place, readObjects, stopping } = this.#options;
    if (readObjects) await this.#readObjects();
    else {
      for (const path of this.#needed.keys()) {
        if (stopping?.aborted) throw new Stopped();
        if (!(await place.has(path))) this.#tell(`${path} is missing`);
      }
    }
  }

  /** Files by threads; what comes over a network as it comes. */
  async #readObjects(): Promise<void> {
    const { threads, stopping } = this.#options;
    const store = {
      folder: '',
      algorithm: 'sha1',
      compression: 'zlib',
      dryRun: true,
      rewrite: false,
    } as const;
    const pool = new Pool({ store, bounds: { minBytes: 64, averageBytes: 64, maxBytes: 64 } }, threads);
    const tasks = new Tasks(REQUESTS);
    const stop = () => void pool.close(new Stopped());
    stopping?.addEventListener('abort', stop, { once: true });
    try {
      const asked: Promise<void>[] = [];
      for (const [path, needed] of this.#needed) {
        if (stopping?.aborted) throw new Stopped();
        const at = this.#options.place.localPath(path);
        if (at === null) {
          await tasks.room(async () => this.#tellOf(path, await this.#problemOf(path, needed)));
          continue;
        }
        await pool.room();
        const { hash, compression, plainBytes } = needed;
        const bytes = statSync(at, { throwIfNoEntry: false })?.size ?? 0;
        const verified = pool.ask<'verify'>({
          kind: 'verify',
          path: at,
          hash,
          compression,
          plainBytes,
          bytes,
        });
        const told = verified.then(({ problem }) => this.#tellOf(path, problem));
        // Looked at below; it may be refused before.
        told.catch(() => {});
        asked.push(told);
      }
      await Promise.all(asked);
      await tasks.settled();
    } finally {
      stopping?.removeEventListener('abort', stop);
      await pool.close();
    }
  }

  async #problemOf(path: string, { hash, compression, plainBytes }: Needed): Promise<string | null> {
    const stored = await this.#options.place.read(path);
    return stored === null ? 'is missing' : problemOf(stored, hash, compression, plainBytes);
  }

  #tellOf(path: string, problem: string | null): void {
    if (problem !== null) this.#tell(`${path} ${problem}`);
  }

  async #read(path: string): Promise<Buffer> {
    const bytes = await this.#options.place.read(path);
    if (bytes === null) throw new RepositoryDamaged(`${path} is missing in ${this.#options.place.shown}`);
    return bytes;
  }

  async #alternativeNames({ rootCatalog, certificate, history, metainfo }: Manifest): Promise<void> {
    const names = [
      [rootCatalog, 'C'],
      [certificate, 'X'],
      [history, 'H'],
      [metainfo, 'M'],
    ] as const;
    for (const [hash, suffix] of names) {
      const name = `.cvmfsalt-${hash}${suffix}`;
      if (hash !== undefined && !(await this.#options.place.has(name))) this.#tell(`${name} is missing`);
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
    const ofRepository =
      error instanceof RepositoryDamaged || error instanceof FormatError || error instanceof Refusal;
    if (!ofRepository || (error instanceof PublishError && !(error instanceof RepositoryDamaged)))
      throw error;
    this.#tell(`${what}: ${error.message}`);
  }

  #tell(problem: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(problem);
  }
}
