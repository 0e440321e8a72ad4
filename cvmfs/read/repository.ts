import { rm, writeFile } from 'node:fs/promises';
import type { ReadProfile } from '../../protocol/read-profile.ts';
import type { CatalogReference } from '../format/catalog-writer.ts';
import { FormatError } from '../format/errors.ts';
import { type ContentHash, objectPath, parseHash } from '../format/hashes.ts';
import { type History, readHistory, type Tag, tagAt } from '../format/history.ts';
import { decodeManifest, type Manifest, repositoryName } from '../format/manifest.ts';
import type { ObjectCache } from './cache.ts';
import { Catalogs } from './catalogs.ts';
import { NoServer, NoSuchTag, Refusal, RevisionTooOld } from './errors.ts';
import { Objects, type WantedObject } from './objects.ts';
import { prefetch } from './prefetch.ts';
import { Recorder, wantedOf } from './profile.ts';
import { collect, receiveWhole } from './receive.ts';
import { type Get, type ServerOptions, Servers } from './servers.ts';
import { Snapshot } from './snapshot.ts';
import { type Believed, State } from './state.ts';
import { NO_BLACKLIST, type Trust, verifyManifest, verifyWhitelist } from './trust.ts';

/** Which revision to read, where it is not the newest. */
export type Pin =
  | { readonly tag: string }
  /** Seconds since 1970: the newest revision with a name that is no younger. */
  | { readonly date: number }
  /** Believed for its hash alone. */
  | { readonly rootCatalog: string };

export interface RepositoryOptions extends Pick<Trust, 'repository' | 'masterKeys'> {
  /** Addresses of the repository on each server; none: only what is in the cache. */
  readonly servers: readonly string[];
  readonly cache: ObjectCache;
  /** Where it is noted what was believed; the cache's folder will do. */
  readonly stateFolder: string;
  readonly blacklist?: Trust['blacklist'];
  readonly pin?: Pin;
  /** For variant links. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly serverOptions?: ServerOptions;
  /** What an earlier run read, to be loaded ahead. */
  readonly profile?: ReadProfile;
  /** Loads small files ahead where those of a folder are read in their order. */
  readonly readAhead?: boolean;
  /** Notes what is read, for recorded(). */
  readonly record?: boolean;
  /** Closes it, also while it is being opened. */
  readonly signal?: AbortSignal;
  readonly nowMs?: () => number;
}

const MANIFEST_BYTES = 64 * 1024;
const WHITELIST_BYTES = 1024 * 1024;
const CERTIFICATE_BYTES = 64 * 1024;
const HISTORY_BYTES = 256 * 1024 * 1024;
/** The longest that a manifest may keep its readers from asking again. */
const MOST_TTL_SECONDS = 3600;
/** After a failure. */
const RETRY_SECONDS = 180;

/**
 * A repository as servers publish it.
 *
 * It is opened with the newest revision that can be believed: from the servers, else the one believed before. refresh()
 * moves on to a newer one, and never back. Readers hold a Snapshot, so that a new revision is a new snapshot and none
 * changes under their hands.
 */
export class Repository {
  readonly name: string;
  readonly #options: RepositoryOptions;
  readonly #trust: Trust;
  readonly #servers: Servers;
  readonly #objects: Objects;
  readonly #recorder = new Recorder();
  readonly #catalogs: Catalogs;
  readonly #state: State;
  readonly #nowMs: () => number;
  readonly #stopping = new AbortController();
  #manifest: Manifest | null = null;
  #snapshot: Snapshot | null = null;
  #askAgainMs = 0;
  #problem: Error | null = null;
  #loadingAhead: Promise<void> | null = null;

  private constructor(options: RepositoryOptions, state: State) {
    this.name = repositoryName(options.repository);
    this.#options = options;
    this.#trust = { ...options, blacklist: options.blacklist ?? NO_BLACKLIST };
    this.#servers = new Servers(options.servers, options.serverOptions);
    const servers = options.servers.length === 0 ? null : this.#servers;
    const used = options.record ? (wanted: WantedObject) => this.#recorder.note(wanted) : undefined;
    this.#objects = new Objects(options.cache, servers, used);
    this.#catalogs = new Catalogs(this.#objects);
    this.#state = state;
    this.#nowMs = options.nowMs ?? Date.now;
    const { signal } = this.#stopping;
    options.signal?.addEventListener('abort', () => void this.close(), { once: true, signal });
  }

  /** @throws NoServer, Refusal, FormatError, NoSuchTag, CacheFault where there is no revision to read at all */
  static async open(options: RepositoryOptions): Promise<Repository> {
    options.signal?.throwIfAborted();
    const repository = new Repository(options, await State.open(options.stateFolder, options.repository));
    try {
      await repository.#begin();
      return repository;
    } catch (error) {
      await repository.close();
      throw error;
    }
  }

  /** The revision to read now. */
  get snapshot(): Snapshot {
    if (!this.#snapshot) throw new Error('the repository is not open');
    return this.#snapshot;
  }

  /** What the newest believed revision says; absent where a root catalog is pinned. */
  get manifest(): Manifest | null {
    return this.#manifest;
  }

  /** Why the last refresh failed, while reading goes on with what is there. */
  get problem(): Error | null {
    return this.#problem;
  }

  /** Asks the servers if their last answer has aged. Failure is noted in `problem`, and reading goes on. */
  async refreshIfDue(): Promise<void> {
    if (this.#nowMs() < this.#askAgainMs || this.#options.servers.length === 0) return;
    this.#askAgainMs = this.#nowMs() + RETRY_SECONDS * 1000;
    await this.refresh().catch((error: unknown) => {
      if (!isExpected(error)) throw error;
    });
  }

  /** @returns whether there is a newer revision now. @throws what kept it from being read; the old one stays */
  async refresh(): Promise<boolean> {
    try {
      const newer = await this.#ask();
      this.#problem = null;
      return newer;
    } catch (error) {
      this.#problem = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  /** The names that revisions have, as of the newest believed one. */
  async tags(): Promise<readonly Tag[]> {
    const history = this.#manifest?.history;
    return history === undefined ? [] : (await this.#history(history)).tags;
  }

  /** @returns whether servers could sort themselves by their distance from here */
  async sortServers(): Promise<boolean> {
    return this.#servers.sortByDistance(this.name, this.#stopping.signal);
  }

  /** What has been read so far, for a later run's `profile`. */
  recorded(): ReadProfile {
    return this.#recorder.profile(this.name);
  }

  /** Resolves when no more is loaded ahead. */
  async loadedAhead(): Promise<void> {
    await this.#loadingAhead;
  }

  async close(): Promise<void> {
    this.#stopping.abort(new NoServer(`reading ${this.name} was ended`, []));
    this.#objects.stop();
    await this.#loadingAhead;
    await this.#catalogs.close();
    this.#servers.close();
  }

  /** Loads what an earlier run read, unless such is done already. */
  loadAhead(profile: ReadProfile): void {
    if (this.#options.servers.length === 0 || this.#loadingAhead || this.#stopping.signal.aborted) return;
    this.#loadingAhead = prefetch(this.#objects, wantedOf(profile), this.#stopping.signal);
    // close() tells.
    this.#loadingAhead.catch(() => {});
  }

  #loadAheadAsAsked(): void {
    if (this.#options.profile) this.loadAhead(this.#options.profile);
  }

  async #begin(): Promise<void> {
    const { pin } = this.#options;
    if (pin && 'rootCatalog' in pin) {
      this.#loadAheadAsAsked();
      await this.#switchTo({ path: '', hash: parseHash(pin.rootCatalog), bytes: undefined }, undefined);
      return;
    }
    const kept = await this.#state.read();
    let keptManifest: Manifest | null = null;
    let refused: unknown = null;
    try {
      keptManifest = kept && this.#verifyKept(kept);
    } catch (error) {
      // A blacklist or other master keys since then; newer revisions may be in order.
      if (!isExpected(error)) throw error;
      refused = error;
    }
    this.#manifest = keptManifest;
    let failed: unknown = null;
    try {
      await this.refresh();
    } catch (error) {
      if (!isExpected(error) || !keptManifest) throw refused && error instanceof NoServer ? refused : error;
      failed = error;
    }
    if (this.#snapshot || !this.#manifest) return;
    try {
      await this.#follow(this.#manifest);
    } catch (error) {
      // A tag that is not known here may be in the newer revision, so why that is not here tells more.
      throw failed !== null && error instanceof NoSuchTag ? failed : error;
    }
  }

  /** Its whitelist had not run out when it was believed: being without network for long is no fault. */
  #verifyKept({ manifest, whitelist, certificatePem }: Believed): Manifest {
    return verifyManifest(
      manifest,
      certificatePem,
      verifyWhitelist(whitelist, this.#trust, null),
      this.#trust,
    );
  }

  async #ask(): Promise<boolean> {
    const { signal } = this.#stopping;
    const seen = this.#manifest;
    const { believed, manifest } = await this.#servers.attempt(`${this.name}: manifest`, signal, (get) =>
      this.#askOne(get, seen),
    );
    const newer = !seen || manifest.revision > seen.revision;
    // Of two manifests with one number the first stays: a revision does not change. What has a name may: tags are
    // given without a new revision.
    const renamed =
      seen?.revision === manifest.revision &&
      seen.rootCatalog === manifest.rootCatalog &&
      (manifest.publishedAt ?? 0) >= (seen.publishedAt ?? 0);
    const current = newer || renamed ? manifest : seen;
    if (newer || !this.#snapshot) await this.#follow(current);
    // Only when its root catalog is here: without network one must get back to what can be read.
    if (newer || renamed) await this.#state.write(believed);
    this.#manifest = current;
    this.#askAgainMs = this.#nowMs() + Math.min(manifest.ttlSeconds, MOST_TTL_SECONDS) * 1000;
    return newer;
  }

  /** The whole chain at one server. */
  async #askOne(get: Get, seen: Manifest | null): Promise<{ believed: Believed; manifest: Manifest }> {
    const [bytes, whitelistBytes] = await Promise.all([
      get('.cvmfspublished', (body) => collect(body, 'the manifest', MANIFEST_BYTES)),
      get('.cvmfswhitelist', (body) => collect(body, 'the whitelist', WHITELIST_BYTES)),
    ]);
    // Names are hashes: nothing has to be believed for this.
    this.#loadAheadAsAsked();
    const { certificate } = decodeManifest(bytes).manifest;
    if (certificate === undefined) throw new FormatError('manifest', 'it names no certificate');
    const whitelist = verifyWhitelist(whitelistBytes, this.#trust, this.#nowMs() / 1000);
    const pem = await get(objectPath(certificate, 'X'), (body) =>
      receiveWhole(body, {
        hash: certificate,
        compression: 'zlib',
        mostBytes: CERTIFICATE_BYTES,
        exact: false,
      }),
    );
    const manifest = verifyManifest(bytes, pem, whitelist, this.#trust);
    if (seen && isOlder(manifest, seen))
      throw new RevisionTooOld(this.name, manifest.revision, seen.revision);
    return { believed: { manifest: bytes, whitelist: whitelistBytes, certificatePem: pem }, manifest };
  }

  async #follow(manifest: Manifest): Promise<void> {
    const { pin } = this.#options;
    if (!pin) {
      const { rootCatalog: hash, rootCatalogBytes: bytes, revision } = manifest;
      await this.#switchTo({ path: '', hash, bytes }, revision);
      return;
    }
    if (this.#snapshot || 'rootCatalog' in pin) return;
    const wanted = 'tag' in pin ? pin.tag : new Date(pin.date * 1000).toISOString();
    if (manifest.history === undefined) throw new NoSuchTag(this.name, wanted);
    const history = await this.#history(manifest.history);
    const tag = 'tag' in pin ? history.tags.find(({ name }) => name === pin.tag) : tagAt(history, pin.date);
    if (!tag) throw new NoSuchTag(this.name, wanted);
    await this.#switchTo({ path: '', hash: tag.rootCatalog, bytes: tag.rootCatalogBytes }, tag.revision);
  }

  /** The root catalog is loaded first: a revision that cannot be read at all replaces none that can. */
  async #switchTo(root: CatalogReference, revision: number | undefined): Promise<void> {
    await this.#catalogs.with(root, () => undefined);
    this.#snapshot = new Snapshot(
      root,
      revision,
      this.#catalogs,
      this.#objects,
      this.#options.environment ?? {},
      this.#options.readAhead ? (wanted) => this.#loadNeighbours(wanted) : null,
    );
  }

  #loadNeighbours(all: readonly WantedObject[]): void {
    const together = this.#objects.packs ? [all] : all.map((one) => [one]);
    // What does not come is asked for again by whoever reads it, who then is told why.
    for (const some of together) this.#objects.loadAhead(some).catch(() => {});
  }

  async #history(hash: ContentHash): Promise<History> {
    const plain = await this.#objects.readWhole({
      hash,
      suffix: 'H',
      compression: 'zlib',
      mostBytes: HISTORY_BYTES,
      exact: false,
    });
    const file = this.#options.cache.scratchPath();
    try {
      await writeFile(file, plain);
      return readHistory(file);
    } finally {
      await rm(file, { force: true });
    }
  }
}

function isOlder(manifest: Manifest, seen: Manifest): boolean {
  return manifest.revision < seen.revision || (manifest.publishedAt ?? 0) < (seen.publishedAt ?? 0);
}

/** What servers and the network do; anything else is a fault of ours. */
function isExpected(error: unknown): boolean {
  return error instanceof Refusal || error instanceof FormatError || error instanceof NoServer;
}
