import { objectPath, type Suffix } from '../format/hashes.ts';
import type { CachedObject, ObjectCache } from './cache.ts';
import { CacheFault, NoServer } from './errors.ts';
import { mostStored, receiveTo, receiveWhole, type Wanted } from './receive.ts';
import type { Servers } from './servers.ts';
import { SMALL_FILE_BYTES } from './small-files.ts';
import { Unpacker } from './unpack.ts';

export interface WantedObject extends Wanted {
  readonly suffix: Suffix;
}

interface Coming {
  /** Rejects only where somebody waits for it. */
  readonly arrived: Promise<void>;
  /** Nobody had asked for it when it was begun. */
  readonly ahead: boolean;
}

/** Objects from the cache, or else from a server through the cache. Who asks for one that is coming waits for it. */
export class Objects {
  readonly cache: ObjectCache;
  readonly #servers: Servers | null;
  readonly #used: (wanted: WantedObject) => void;
  readonly #coming = new Map<string, Coming>();
  readonly #stopping = new AbortController();
  #expected: ReadonlySet<string> = new Set();
  #unexpected = 0;
  /** Of what is on its way ahead: the cache does not know of it yet. */
  #aheadBytes = 0;
  #whenQuiet: (() => void)[] = [];

  /**
   * @param servers null: what is not in the cache cannot be had
   * @param used told of each object that is read, also from the cache
   */
  constructor(cache: ObjectCache, servers: Servers | null, used: (wanted: WantedObject) => void = () => {}) {
    this.cache = cache;
    this.#servers = servers;
    this.#used = used;
  }

  /** @throws NoServer, Refusal, CacheFault */
  async open(wanted: WantedObject): Promise<CachedObject> {
    return this.#through(wanted, () => this.cache.get(wanted.hash, wanted.suffix));
  }

  /** As a path of this process alone, which the caller removes. */
  async privatePath(wanted: WantedObject): Promise<string> {
    return this.#through(wanted, async () => {
      // Checks it.
      const object = await this.cache.get(wanted.hash, wanted.suffix);
      await object?.close();
      return object && (await this.cache.privatePath(wanted.hash, wanted.suffix));
    });
  }

  async readWhole(wanted: WantedObject): Promise<Buffer> {
    const object = await this.open(wanted);
    try {
      return await object.read(0, object.bytes);
    } finally {
      await object.close();
    }
  }

  /** Transfers under way are given up. */
  stop(): void {
    this.#stopping.abort(new NoServer('reading was ended', []));
  }

  /** What loadAhead() will be asked for: waiting for one of these is no reason to hold it back. */
  expect(all: readonly WantedObject[]): void {
    this.#expected = new Set(all.map(keyOf));
  }

  /** Resolves when nobody waits for what was not expected. */
  async quiet(): Promise<void> {
    if (this.#unexpected > 0) await new Promise<void>((resolve) => this.#whenQuiet.push(resolve));
  }

  /** Whether several objects cost the server one request. */
  get packs(): boolean {
    return this.#servers?.packs ?? false;
  }

  /**
   * Brings objects here that nobody has asked for yet; nothing has to make room for them.
   * @throws CacheFault where there is no room, NoServer, Refusal
   */
  async loadAhead(all: readonly WantedObject[]): Promise<void> {
    const missing: WantedObject[] = [];
    for (const one of all) {
      if (!this.#coming.has(keyOf(one)) && !this.cache.has(one.hash, one.suffix)) missing.push(one);
    }
    const bytes = missing.reduce((sum, { mostBytes }) => sum + mostBytes, 0);
    if (this.#aheadBytes + bytes > this.cache.roomBytes)
      throw new CacheFault('has no room for what is loaded ahead', true);
    this.#aheadBytes += bytes;
    try {
      const left = missing.length > 1 && this.packs ? await this.#loadPack(missing) : missing;
      for (const one of left) {
        if (!this.#coming.has(keyOf(one))) await this.#begin(one, true);
      }
    } finally {
      this.#aheadBytes -= bytes;
    }
  }

  async #through<T>(wanted: WantedObject, take: () => Promise<T | null>): Promise<T> {
    this.#used(wanted);
    // A process beside may throw it away in between; three times in a row means that it does not fit.
    for (let turn = 0; turn < 3; turn++) {
      const taken = (await take()) ?? (await this.#takeAfter(wanted, take));
      if (taken !== null) return taken;
      await this.#fetchOnce(wanted);
    }
    throw new CacheFault('is too small: what comes is thrown away before it is read', true);
  }

  /** What comes ahead may fail for reasons of its own: then it is fetched as if it had not been. */
  async #takeAfter<T>(wanted: WantedObject, take: () => Promise<T | null>): Promise<T | null> {
    const coming = this.#coming.get(keyOf(wanted));
    if (!coming?.ahead) return null;
    await coming.arrived.catch(() => {});
    return take();
  }

  async #fetchOnce(wanted: WantedObject): Promise<void> {
    const key = keyOf(wanted);
    const unexpected = !this.#expected.has(key);
    if (unexpected) this.#unexpected++;
    try {
      const coming = this.#coming.get(key);
      await (coming && !coming.ahead ? coming.arrived : this.#begin(wanted, false));
    } finally {
      if (unexpected && --this.#unexpected === 0) {
        for (const resolve of this.#whenQuiet.splice(0)) resolve();
      }
    }
  }

  #begin(wanted: WantedObject, ahead: boolean): Promise<void> {
    const key = keyOf(wanted);
    const arrived = this.#fetch(wanted, ahead).finally(() => {
      if (this.#coming.get(key)?.arrived === arrived) this.#coming.delete(key);
    });
    this.#coming.set(key, { arrived, ahead });
    return arrived;
  }

  /** @returns what did not come: the server has it not, or the pack was not in order */
  async #loadPack(all: readonly WantedObject[]): Promise<readonly WantedObject[]> {
    const arrivals = all.map((one) => {
      let resolve = () => {};
      const arrived = new Promise<void>((done) => {
        resolve = done;
      });
      this.#coming.set(keyOf(one), { arrived, ahead: true });
      return () => {
        this.#coming.delete(keyOf(one));
        resolve();
      };
    });
    const left: WantedObject[] = [];
    let taken = 0;
    try {
      const paths = all.map(({ hash, suffix }) => objectPath(hash, suffix));
      await this.#servers?.pack(paths, this.#stopping.signal, async (body) => {
        const unpacker = new Unpacker(body);
        for (const one of all) {
          const stored = await unpacker.next(mostStored(one));
          if (stored === null) left.push(one);
          else await this.#store(one, only(stored));
          arrivals[taken++]?.();
        }
      });
      return left;
    } catch (error) {
      if (error instanceof CacheFault || this.#stopping.signal.aborted) throw error;
      return [...left, ...all.slice(taken)];
    } finally {
      for (const arrive of arrivals) arrive();
    }
  }

  async #store(wanted: WantedObject, body: AsyncIterable<Uint8Array>): Promise<void> {
    const { hash, suffix, exact, mostBytes } = wanted;
    if (exact && mostBytes <= SMALL_FILE_BYTES)
      await this.cache.putSmall(hash, suffix, await receiveWhole(body, wanted));
    else await this.cache.put(hash, suffix, exact ? mostBytes : 0, (file) => receiveTo(file, body, wanted));
  }

  async #fetch(wanted: WantedObject, ahead: boolean): Promise<void> {
    const path = objectPath(wanted.hash, wanted.suffix);
    if (!this.#servers) throw new NoServer(path, []);
    const { signal } = this.#stopping;
    const store = () =>
      this.#servers?.attempt(path, signal, (get) => get(path, (body) => this.#store(wanted, body)));
    try {
      await store();
    } catch (error) {
      if (ahead || !(error instanceof CacheFault && error.full)) throw error;
      // The disk is fuller than the quota says: give back what can be given, and try once more.
      await this.cache.makeRoom(0.5);
      await store();
    }
  }
}

function keyOf({ hash, suffix }: WantedObject): string {
  return `${hash}${suffix}`;
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
