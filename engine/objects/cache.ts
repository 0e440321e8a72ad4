import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File, syncFolder } from '../../platform/files.ts';
import type { Logger } from '../../platform/log.ts';
import type { Blob, Sha256 } from '../../protocol/primitives.ts';
import type { Clock } from '../clock.ts';
import { toEvict } from './eviction.ts';

/** Bytes of an object from an offset on; a source that cannot resume answers from: 0. */
export type ObjectSource = (
  sha256: Sha256,
  from: number,
  signal: AbortSignal,
) => Promise<{ readonly from: number; readonly chunks: AsyncIterable<Uint8Array> }>;

export interface ObjectCacheOptions {
  readonly folder: string;
  /** Asked each time, since preferences change. */
  readonly limitBytes: () => number;
  /** Objects that must stay: those of held leases and of the appliance in use. */
  readonly needed: () => ReadonlySet<Sha256>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The bytes the project sent do not have the hash they are named by, twice over. */
export class ObjectCorrupted extends Error {
  override readonly name = 'ObjectCorrupted';
}

/** What is needed at once does not fit below the disk limit. */
export class ObjectsTooLarge extends Error {
  override readonly name = 'ObjectsTooLarge';
}

const PART = '.part';
const HASH_NAME = /^[0-9a-f]{64}$/;
/** A corrupted download is thrown away and fetched again this often before it is told as an error. */
const ATTEMPTS = 2;

/**
 * A folder of files named by their SHA-256. A file is written beside as HASH.part (and resumed from there),
 * verified, made durable and only then renamed, so a name that is there has been verified once; the first use in
 * each life of the engine verifies it again, since disks rot and people edit.
 */
export class ObjectCache {
  #options: ObjectCacheOptions;
  #running = new Map<Sha256, Promise<string>>();
  #verified = new Set<Sha256>();

  constructor(options: ObjectCacheOptions) {
    this.#options = options;
  }

  /**
   * The path of an object, fetched if it is not here. The file must not be changed.
   * @throws ObjectCorrupted, ObjectsTooLarge, what the source throws, or the file system's error
   */
  get(blob: Blob, source: ObjectSource, signal: AbortSignal): Promise<string> {
    const running = this.#running.get(blob.sha256);
    if (running) return running;
    const fetching = this.#get(blob, source, signal).finally(() => this.#running.delete(blob.sha256));
    this.#running.set(blob.sha256, fetching);
    return fetching;
  }

  /** Removes what nobody needs now. */
  async clear(): Promise<void> {
    const { folder, needed } = this.#options;
    const kept = new Set([...needed(), ...this.#running.keys()]);
    for (const name of (await readdir(folder).catch(nullIfMissing)) ?? []) {
      const sha256 = name.endsWith(PART) ? name.slice(0, -PART.length) : name;
      if (!HASH_NAME.test(sha256) || kept.has(sha256)) continue;
      await rm(join(folder, name), { force: true });
      this.#verified.delete(sha256);
    }
  }

  /** Each object is verified again at its next use. */
  doubt(): void {
    this.#verified.clear();
  }

  async #get(blob: Blob, source: ObjectSource, signal: AbortSignal): Promise<string> {
    const path = join(this.#options.folder, blob.sha256);
    if (await this.#isWhole(blob, path)) return path;
    await mkdir(this.#options.folder, { recursive: true });
    await this.#makeRoom(blob);
    const part = `${path}${PART}`;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      await download(blob, part, source, signal);
      if ((await sha256File(part)) === blob.sha256) {
        await this.#noteUse(part);
        await rename(part, path);
        await syncFolder(this.#options.folder);
        this.#verified.add(blob.sha256);
        return path;
      }
      this.#options.log.warn({ sha256: blob.sha256, attempt }, 'download corrupted; thrown away');
      await rm(part, { force: true });
    }
    throw new ObjectCorrupted(
      `a file of ${blob.bytes} bytes arrived damaged ${ATTEMPTS} times (object ${blob.sha256.slice(0, 12)}). The engine tries again later; if it stays so, tell the project's staff`,
    );
  }

  async #isWhole(blob: Blob, path: string): Promise<boolean> {
    const found = await stat(path).catch(nullIfMissing);
    if (!found) return false;
    if (found.size === blob.bytes) {
      if (this.#verified.has(blob.sha256) || (await sha256File(path)) === blob.sha256) {
        this.#verified.add(blob.sha256);
        await this.#noteUse(path);
        return true;
      }
    }
    this.#options.log.warn({ sha256: blob.sha256 }, 'stored object damaged; fetched again');
    await rm(path, { force: true });
    return false;
  }

  /** What was used last stays longest; always by the same clock, or the order would be wrong. */
  async #noteUse(path: string): Promise<void> {
    const now = new Date(this.#options.clock.now());
    await utimes(path, now, now);
  }

  async #makeRoom(blob: Blob): Promise<void> {
    const needed = new Set([...this.#options.needed(), ...this.#running.keys(), blob.sha256]);
    const stored = [];
    for (const name of await readdir(this.#options.folder)) {
      const sha256 = name.endsWith(PART) ? name.slice(0, -PART.length) : name;
      if (!HASH_NAME.test(sha256) || name === `${blob.sha256}${PART}`) continue;
      const found = await stat(join(this.#options.folder, name)).catch(nullIfMissing);
      if (found) stored.push({ sha256, name, bytes: found.size, usedAtMs: found.mtimeMs });
    }
    const limit = this.#options.limitBytes();
    const evicted = toEvict(stored, blob.bytes, limit, needed);
    if (!evicted) {
      throw new ObjectsTooLarge(
        `a program of ${mb(blob.bytes)} MB does not fit into the disk limit of ${mb(limit)} MB; allow more in the preferences`,
      );
    }
    for (const { sha256 } of evicted) {
      this.#options.log.info({ sha256 }, 'object evicted');
      await rm(join(this.#options.folder, sha256), { force: true });
      await rm(join(this.#options.folder, `${sha256}${PART}`), { force: true });
      this.#verified.delete(sha256);
    }
  }
}

/** Brings HASH.part to blob.bytes or fails; what has arrived stays, to be resumed. */
async function download(blob: Blob, part: string, source: ObjectSource, signal: AbortSignal): Promise<void> {
  const found = await stat(part).catch(nullIfMissing);
  if (found?.size === blob.bytes) return;
  const here = found?.size ?? 0;
  const answer = await source(blob.sha256, here < blob.bytes ? here : 0, signal);
  const file = await open(part, answer.from > 0 ? 'a' : 'w', 0o600);
  try {
    let at = answer.from;
    for await (const chunk of answer.chunks) {
      signal.throwIfAborted();
      // Longer than promised: the bytes are wrong whatever comes, so take no more of the disk than promised.
      const taken = chunk.subarray(0, blob.bytes - at);
      await file.writeFile(taken);
      at += taken.length;
      if (taken.length < chunk.length) break;
    }
    await file.sync();
    if (at < blob.bytes) {
      throw new DownloadCut(`the download ended after ${at} of ${blob.bytes} bytes; it goes on from there`);
    }
  } finally {
    await file.close();
  }
}

/** The connection ended early. The next attempt resumes. */
export class DownloadCut extends Error {
  override readonly name = 'DownloadCut';
}

function nullIfMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
