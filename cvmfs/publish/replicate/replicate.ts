import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FormatError } from '../../format/errors.ts';
import { algorithmOf, type ContentHash, hashOf, objectPath, type Suffix } from '../../format/hashes.ts';
import { decodeManifest, type Manifest } from '../../format/manifest.ts';
import { decodeObject } from '../../format/objects.ts';
import { NoServer, Refusal, RevisionTooOld } from '../../read/errors.ts';
import { NO_BLACKLIST, type Trust, verifyManifest, verifyWhitelist } from '../../read/trust.ts';
import { Tasks } from '../at-once.ts';
import { inWords, Stopped, StoreFault } from '../errors.ts';
import { LAST_SNAPSHOT, MANIFEST, REFLOG, WHITELIST } from '../filenames.ts';
import { markCatalog, sweep } from '../gc.ts';
import type { Place } from '../places/place.ts';
import { Stored } from '../stored.ts';
import { getWhole, type Origin } from './origin.ts';

export interface Replicate {
  readonly origin: Origin;
  readonly repository: string;
  readonly masterKeys: readonly KeyObject[];
  /** Where the copy lies. */
  readonly to: Place;
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

/**
 * Copies a repository: verified from the master key down, every object by its hash. A catalog is stored after all that it
 * names, so that one which is there needs no second look, and who was cut off goes on where he was; the manifest comes
 * last, so that what is served is whole at every moment.
 * @throws Refusal, FormatError, NoServer, PublishError
 */
export async function replicate(given: Replicate): Promise<Replicated> {
  const { to, collect, stopping } = given;
  try {
    const held = await to.hold();
    const scratch = await mkdtemp(join(tmpdir(), 'beamtime-replica-'));
    try {
      const copy = new Copy(given, new Stored(to, scratch), held.doubtful);
      const result = await copy.run();
      await held.finished();
      const removed = collect ? await copy.collect() : 0;
      return { ...result, removed };
    } finally {
      await rm(scratch, { recursive: true, force: true });
      await held.release();
    }
  } catch (error) {
    if (stopping.aborted) throw new Stopped();
    throw inWords(error, `cannot write to ${to.shown}`, StoreFault);
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
    const { to, nowSeconds } = this.#given;
    const { bytes, manifest, whitelist, certificate } = await this.#verified();
    const before = await this.#before();
    if (
      before &&
      (before.revision > manifest.revision || (before.publishedAt ?? 0) > (manifest.publishedAt ?? 0))
    )
      throw new RevisionTooOld(this.#given.repository, manifest.revision, before.revision);
    const reflog = await this.#reflog(manifest);
    await this.#put(objectPath(manifest.certificate ?? '', 'X'), certificate);
    if (manifest.metainfo !== undefined) await this.#small(manifest.metainfo, 'M');
    await this.#catalog(manifest.rootCatalog);
    if (manifest.history !== undefined) {
      await this.#small(manifest.history, 'H');
      const { tags } = await this.#stored.history(manifest.history);
      for (const { rootCatalog } of tags) await this.#catalog(rootCatalog);
    }
    await to.settle(this.#written);
    await to.put(WHITELIST, whitelist);
    if (reflog) await to.put(REFLOG, reflog);
    await to.put(MANIFEST, bytes);
    await to.put(LAST_SNAPSHOT, Buffer.from(`${new Date(nowSeconds * 1000).toUTCString()}\n`));
    return {
      revision: manifest.revision,
      unchanged: before?.rootCatalog === manifest.rootCatalog && this.#written.length === 0,
      objects: this.#written.length,
      bytes: this.#bytes,
    };
  }

  async collect(): Promise<number> {
    const { to, stopping } = this.#given;
    const { manifest } = decodeManifest((await to.read(MANIFEST)) ?? Buffer.alloc(0));
    const marked = new Set<string>();
    await markCatalog(this.#stored, manifest.rootCatalog, marked);
    if (manifest.history !== undefined) {
      const { tags } = await this.#stored.history(manifest.history);
      for (const { rootCatalog } of tags) await markCatalog(this.#stored, rootCatalog, marked);
      marked.add(objectPath(manifest.history, 'H'));
    }
    if (manifest.certificate !== undefined) marked.add(objectPath(manifest.certificate, 'X'));
    if (manifest.metainfo !== undefined) marked.add(objectPath(manifest.metainfo, 'M'));
    return (await sweep(to, marked, { stopping })).objectsRemoved;
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
    const bytes = await this.#given.to.read(MANIFEST);
    try {
      return bytes && decodeManifest(bytes).manifest;
    } catch (error) {
      if (error instanceof FormatError) return null;
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
    const { origin, to, stopping } = this.#given;
    if (stopping.aborted) throw new Stopped();
    const path = objectPath(hash, 'C');
    // What is there has all that it names, for it came last. Where that is in doubt, all is looked at.
    if (!this.#doubtful && (await to.has(path))) return;
    const bytes = await getWhole(origin, path, SMALL_OBJECT_BYTES, stopping);
    // Beside the objects, and not among them: it is not complete yet.
    const nested = await this.#stored.unplacedCatalog(hash, bytes, async (reader) => {
      for (const { hash: one, suffix } of reader.objects())
        await this.#tasks.room(() => this.#object(one, suffix));
      return [...reader.nested(), ...reader.bindMountpoints()];
    });
    for (const one of nested) await this.#catalog(one.hash);
    await this.#tasks.settled();
    await this.#put(path, bytes);
  }

  async #small(hash: ContentHash, suffix: Suffix): Promise<void> {
    const { origin, stopping } = this.#given;
    const path = objectPath(hash, suffix);
    if (await this.#isThere(hash, path)) return;
    const bytes = await getWhole(origin, path, SMALL_OBJECT_BYTES, stopping);
    decodeObject(hash, bytes, SMALL_OBJECT_BYTES);
    await this.#put(path, bytes);
  }

  #object(hash: ContentHash, suffix: Suffix): Promise<void> {
    const path = objectPath(hash, suffix);
    const coming = this.#coming.get(path);
    if (coming) return coming;
    const fetching = this.#fetch(hash, path).finally(() => this.#coming.delete(path));
    this.#coming.set(path, fetching);
    return fetching;
  }

  async #fetch(hash: ContentHash, path: string): Promise<void> {
    if (await this.#isThere(hash, path)) return;
    const { origin, to, stopping } = this.#given;
    const bytes = await origin.get(path, (body) => to.receive(path, hash, body), stopping);
    this.#count(path, bytes);
  }

  async #isThere(hash: ContentHash, path: string): Promise<boolean> {
    const { to } = this.#given;
    if (!this.#doubtful) return to.has(path);
    const bytes = await to.read(path);
    return bytes !== null && hashOf(algorithmOf(hash), bytes) === hash;
  }

  async #put(path: string, bytes: Buffer): Promise<void> {
    const { to } = this.#given;
    if (!this.#doubtful && (await to.has(path))) return;
    await to.put(path, bytes);
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
