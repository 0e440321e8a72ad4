import { type KeyObject, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../../platform/files.ts';
import { lockFolder } from '../../../platform/folder-lock.ts';
import { FormatError } from '../../format/errors.ts';
import {
  algorithmOf,
  type ContentHash,
  hasher,
  hashOf,
  objectPath,
  type Suffix,
} from '../../format/hashes.ts';
import { decodeManifest, type Manifest } from '../../format/manifest.ts';
import { decodeObject } from '../../format/objects.ts';
import { NoServer, ObjectCorrupt, Refusal, RevisionTooOld } from '../../read/errors.ts';
import { NO_BLACKLIST, type Trust, verifyManifest, verifyWhitelist } from '../../read/trust.ts';
import { bootIdentity } from '../boot.ts';
import { inWords, Stopped, StoreFault } from '../errors.ts';
import { LAST_SNAPSHOT, MANIFEST, REFLOG, STAGING, WHITELIST } from '../filenames.ts';
import { markCatalog, sweep } from '../gc.ts';
import { makeStore, place, readObject, sweepStaging, syncStore } from '../store.ts';
import { Stored } from '../stored.ts';
import { getWhole, type Origin } from './origin.ts';
import { Tasks } from './tasks.ts';

export interface Replicate {
  readonly origin: Origin;
  readonly repository: string;
  readonly masterKeys: readonly KeyObject[];
  /** Where the copy lies. */
  readonly folder: string;
  /** Also removes what neither the newest revision nor one with a tag needs. */
  readonly collect: boolean;
  readonly connections?: number;
  readonly progress?: { objects: number; bytes: number };
  readonly stopping: AbortSignal;
  readonly nowSeconds: number;
}

export interface Replicated {
  readonly revision: number;
  /** Whether there was nothing newer. */
  readonly unchanged: boolean;
  readonly objects: number;
  readonly bytes: number;
  readonly removed: number;
}

const MANIFEST_BYTES = 64 * 1024;
const WHITELIST_BYTES = 1024 * 1024;
const SMALL_OBJECT_BYTES = 256 * 1024 * 1024;
const LOCK = '.cvmfs_replica.lock';
const UNFINISHED = '.cvmfs_replica.unfinished';

/**
 * Copies a repository: verified from the master key down, every object by its hash. A catalog is stored after all that it
 * names, so that one which is there needs no second look, and who was cut off goes on where he was; the manifest comes
 * last, so that what is served is whole at every moment.
 * @throws Refusal, FormatError, NoServer, PublishError
 */
export async function replicate(given: Replicate): Promise<Replicated> {
  const { folder, collect, stopping } = given;
  await makeFolder(folder);
  const lock = await lockFolder(join(folder, LOCK));
  const scratch = await mkdtemp(join(tmpdir(), 'beamtime-replica-'));
  try {
    await makeStore(folder);
    await sweepStaging(folder);
    const unfinished = join(folder, UNFINISHED);
    const begunIn = await readFile(unfinished, 'utf8').catch(() => null);
    const doubtful = begunIn !== null && (begunIn === '' || begunIn !== bootIdentity());
    if (begunIn === null) await writeFileAtomic(unfinished, bootIdentity());
    const copy = new Copy(given, new Stored(folder, scratch), doubtful);
    const result = await copy.run();
    await rm(unfinished, { force: true });
    const removed = collect ? await copy.collect() : 0;
    return { ...result, removed };
  } catch (error) {
    if (stopping.aborted) throw new Stopped();
    throw inWords(error, `cannot write to ${folder}`, StoreFault);
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await lock.release();
  }
}

class Copy {
  readonly #given: Replicate;
  readonly #stored: Stored;
  readonly #doubtful: boolean;
  readonly #tasks: Tasks;
  readonly #coming = new Map<string, Promise<void>>();
  readonly #written: string[] = [];
  #bytes = 0;

  /** @param doubtful after a power cut: what is there may be half-written */
  constructor(given: Replicate, stored: Stored, doubtful: boolean) {
    this.#given = given;
    this.#doubtful = doubtful;
    this.#stored = stored;
    this.#tasks = new Tasks(given.connections ?? 8);
  }

  async run(): Promise<Omit<Replicated, 'removed'>> {
    const { folder, nowSeconds } = this.#given;
    const { bytes, manifest, whitelist, certificate } = await this.#verified();
    const before = await this.#before();
    if (
      before &&
      (before.revision > manifest.revision || (before.publishedAt ?? 0) > (manifest.publishedAt ?? 0))
    )
      throw new RevisionTooOld(this.#given.repository, manifest.revision, before.revision);
    const reflog = await this.#reflog(manifest);
    this.#put(objectPath(manifest.certificate ?? '', 'X'), certificate);
    if (manifest.metainfo !== undefined) await this.#small(manifest.metainfo, 'M');
    await this.#catalog(manifest.rootCatalog);
    if (manifest.history !== undefined) {
      await this.#small(manifest.history, 'H');
      const { tags } = await this.#stored.history(manifest.history);
      for (const { rootCatalog } of tags) await this.#catalog(rootCatalog);
    }
    await syncStore(folder, this.#written);
    await writeFileAtomic(join(folder, WHITELIST), whitelist, 0o644);
    if (reflog) await writeFileAtomic(join(folder, REFLOG), reflog, 0o644);
    await writeFileAtomic(join(folder, MANIFEST), bytes, 0o644);
    await writeFileAtomic(
      join(folder, LAST_SNAPSHOT),
      `${new Date(nowSeconds * 1000).toUTCString()}\n`,
      0o644,
    );
    return {
      revision: manifest.revision,
      unchanged: before?.rootCatalog === manifest.rootCatalog && this.#written.length === 0,
      objects: this.#written.length,
      bytes: this.#bytes,
    };
  }

  async collect(): Promise<number> {
    const { folder, stopping } = this.#given;
    const { manifest } = decodeManifest(await readFile(join(folder, MANIFEST)));
    const marked = new Set<string>();
    await markCatalog(this.#stored, manifest.rootCatalog, marked);
    if (manifest.history !== undefined) {
      const { tags } = await this.#stored.history(manifest.history);
      for (const { rootCatalog } of tags) await markCatalog(this.#stored, rootCatalog, marked);
      marked.add(objectPath(manifest.history, 'H'));
    }
    if (manifest.certificate !== undefined) marked.add(objectPath(manifest.certificate, 'X'));
    if (manifest.metainfo !== undefined) marked.add(objectPath(manifest.metainfo, 'M'));
    return (await sweep(folder, marked, { stopping })).objectsRemoved;
  }

  /** The chain that a reader follows. */
  async #verified() {
    const { origin, repository, masterKeys, nowSeconds, stopping } = this.#given;
    const trust: Trust = { repository, masterKeys, blacklist: NO_BLACKLIST };
    const bytes = await getWhole(origin, MANIFEST, MANIFEST_BYTES, stopping);
    const { certificate: hash } = decodeManifest(bytes).manifest;
    if (hash === undefined) throw new FormatError('manifest', 'it names no certificate');
    const whitelist = await getWhole(origin, WHITELIST, WHITELIST_BYTES, stopping);
    const certificate = await getWhole(origin, objectPath(hash, 'X'), MANIFEST_BYTES, stopping);
    const pem = decodeObject(hash, certificate, MANIFEST_BYTES);
    const manifest = verifyManifest(bytes, pem, verifyWhitelist(whitelist, trust, nowSeconds), trust);
    return { bytes, manifest, whitelist, certificate };
  }

  async #before(): Promise<Manifest | null> {
    try {
      return decodeManifest(await readFile(join(this.#given.folder, MANIFEST))).manifest;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof FormatError) return null;
      throw error;
    }
  }

  /** It is for garbage collections; a server that has another one than its manifest says is just publishing. */
  async #reflog({ reflog }: Manifest): Promise<Buffer | null> {
    if (reflog === undefined) return null;
    const { origin, stopping } = this.#given;
    const bytes = await getWhole(origin, REFLOG, SMALL_OBJECT_BYTES, stopping).catch((error: unknown) => {
      if (error instanceof NoServer) return null;
      throw error;
    });
    if (bytes === null) return null;
    if (hashOf(algorithmOf(reflog), bytes) !== reflog)
      throw new Refusal(
        'the server has another reflog than its manifest says; it is publishing just now, so try again',
      );
    return bytes;
  }

  async #catalog(hash: ContentHash): Promise<void> {
    const { folder, stopping } = this.#given;
    if (stopping.aborted) throw new Stopped();
    const path = objectPath(hash, 'C');
    // What is there has all that it names, for it came last. Where that is in doubt, all is looked at.
    if (!this.#doubtful && existsSync(join(folder, path))) return;
    const { origin } = this.#given;
    const bytes = await getWhole(origin, path, SMALL_OBJECT_BYTES, stopping);
    // Beside the objects, and not among them: it is not complete yet.
    const nested = await this.#stored.unplacedCatalog(hash, bytes, async (reader) => {
      for (const { hash: one, suffix } of reader.objects())
        await this.#tasks.room(() => this.#object(one, suffix));
      return [...reader.nested(), ...reader.bindMountpoints()];
    });
    for (const one of nested) await this.#catalog(one.hash);
    await this.#tasks.settled();
    this.#put(path, bytes);
  }

  async #small(hash: ContentHash, suffix: Suffix): Promise<void> {
    const { origin, folder, stopping } = this.#given;
    const path = objectPath(hash, suffix);
    if (!this.#doubtful && existsSync(join(folder, path))) {
      readObject(folder, hash, suffix);
      return;
    }
    const bytes = await getWhole(origin, path, SMALL_OBJECT_BYTES, stopping);
    decodeObject(hash, bytes, SMALL_OBJECT_BYTES);
    this.#put(path, bytes);
  }

  #object(hash: ContentHash, suffix: Suffix): Promise<void> {
    const path = objectPath(hash, suffix);
    const coming = this.#coming.get(path);
    if (coming) return coming;
    if (this.#isThere(hash, path)) return Promise.resolve();
    const fetching = this.#fetch(hash, path).finally(() => this.#coming.delete(path));
    this.#coming.set(path, fetching);
    return fetching;
  }

  /** To the disk as it comes; it becomes an object when its hash is right. */
  async #fetch(hash: ContentHash, path: string): Promise<void> {
    const { origin, folder, stopping } = this.#given;
    const making = join(folder, STAGING, randomBytes(12).toString('hex'));
    try {
      const bytes = await origin.get(
        path,
        async (body) => {
          const taking = hasher(algorithmOf(hash));
          const file = await open(making, 'w', 0o644);
          let count = 0;
          try {
            for await (const piece of body) {
              taking.update(piece);
              count += piece.length;
              await file.writeFile(piece);
            }
          } finally {
            await file.close();
          }
          if (taking.digest() !== hash) throw new ObjectCorrupt(hash, 'other bytes');
          return count;
        },
        stopping,
      );
      await rename(making, join(folder, path));
      this.#count(path, bytes);
    } catch (error) {
      await rm(making, { force: true });
      throw error;
    }
  }

  #isThere(hash: ContentHash, path: string): boolean {
    const at = join(this.#given.folder, path);
    if (!existsSync(at)) return false;
    return !this.#doubtful || hashOf(algorithmOf(hash), readFileSync(at)) === hash;
  }

  #put(path: string, bytes: Buffer): void {
    if (!this.#doubtful && existsSync(join(this.#given.folder, path))) return;
    place(this.#given.folder, join(this.#given.folder, path), bytes);
    this.#count(path, bytes.length);
  }

  #count(path: string, bytes: number): void {
    this.#written.push(path);
    this.#bytes += bytes;
    const { progress } = this.#given;
    if (!progress) return;
    progress.objects++;
    progress.bytes += bytes;
  }
}
