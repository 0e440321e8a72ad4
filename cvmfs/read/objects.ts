import type { FileHandle } from 'node:fs/promises';
import { objectPath, type Suffix } from '../format/hashes.ts';
import type { CachedObject, ObjectCache } from './cache.ts';
import { CacheFault, NoServer } from './errors.ts';
import { receiveTo, type Wanted } from './receive.ts';
import type { Servers } from './servers.ts';

export interface WantedObject extends Wanted {
  readonly suffix: Suffix;
}

/** Objects from the cache, or else from a server through the cache. Who asks for one that is coming waits for it. */
export class Objects {
  readonly cache: ObjectCache;
  readonly #servers: Servers | null;
  readonly #coming = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  /** @param servers null: what is not in the cache cannot be had */
  constructor(cache: ObjectCache, servers: Servers | null) {
    this.cache = cache;
    this.#servers = servers;
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

  async #through<T>(wanted: WantedObject, take: () => Promise<T | null>): Promise<T> {
    // A process beside may throw it away in between; three times in a row means that it does not fit.
    for (let turn = 0; turn < 3; turn++) {
      const taken = await take();
      if (taken !== null) return taken;
      await this.#fetchOnce(wanted);
    }
    throw new CacheFault('is too small: what comes is thrown away before it is read', true);
  }

  #fetchOnce(wanted: WantedObject): Promise<void> {
    const key = `${wanted.hash}${wanted.suffix}`;
    const coming = this.#coming.get(key);
    if (coming) return coming;
    const fetching = this.#fetch(wanted).finally(() => this.#coming.delete(key));
    this.#coming.set(key, fetching);
    return fetching;
  }

  async #fetch(wanted: WantedObject): Promise<void> {
    const path = objectPath(wanted.hash, wanted.suffix);
    if (!this.#servers) throw new NoServer(path, []);
    const { signal } = this.#stopping;
    const store = () =>
      this.#servers?.attempt(path, signal, (get) =>
        get(path, (body) =>
          this.cache.put(
            wanted.hash,
            wanted.suffix,
            wanted.exact ? wanted.mostBytes : 0,
            (file: FileHandle) => receiveTo(file, body, wanted),
          ),
        ),
      );
    try {
      await store();
    } catch (error) {
      if (!(error instanceof CacheFault && error.full)) throw error;
      // The disk is fuller than the quota says: give back what can be given, and try once more.
      await this.cache.makeRoom(0.5);
      await store();
    }
  }
}
