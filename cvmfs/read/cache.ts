import { createHash, randomBytes } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { copyFile, type FileHandle, link, open, readdir, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../platform/files.ts';
import { isAlive } from '../../platform/processes.ts';
import type { ContentHash, Suffix } from '../format/hashes.ts';
import { Index } from './cache-index.ts';
import { CacheFault } from './errors.ts';
import type { Received } from './receive.ts';
import { readSmallFile, SMALL_FILE_BYTES, writeSmallFile } from './small-files.ts';

/**
 * The contents of objects on this computer's disk, shared by all processes and repositories.
 *
 *     objects/ab/cdef…C   content | "beamtime" | SHA-256 of the content
 *     making/PID-…        what is being received; becomes an object by rename(2)
 *     open/PID-…          a link to a catalog that is being opened, or a history
 *
 * An object's name is the hash of what was sent, which is compressed; so the file says itself what its content must
 * be. That is looked at when an object is first used, and now and then later: nothing needs to be flushed to the disk,
 * for what a power cut leaves half-written is found and fetched again, and so is bit rot. The order of use is the order
 * of the files' times. There is nothing else to lose.
 */
export class ObjectCache {
  readonly #folder: string;
  readonly #index: Index;
  readonly #checkedAtMs = new Map<string, number>();
  readonly #ownName = randomBytes(8).toString('hex');
  #made = 0;

  private constructor(folder: string, index: Index) {
    this.#folder = folder;
    this.#index = index;
  }

  static async open(folder: string, quotaBytes: number): Promise<ObjectCache> {
    for (const part of ['objects', 'making', 'open']) await makeFolder(join(folder, part));
    for (const part of ['making', 'open']) await sweep(join(folder, part));
    return new ObjectCache(folder, await Index.scan(join(folder, 'objects'), quotaBytes));
  }

  /** Bytes of all that is here. */
  get bytes(): number {
    return this.#index.bytes;
  }

  /** How much may come before something has to go. */
  get roomBytes(): number {
    return this.#index.quotaBytes - this.#index.bytes;
  }

  /** Whether it is here, damaged or not. */
  has(hash: ContentHash, suffix: Suffix): boolean {
    return existsSync(join(this.#folder, 'objects', nameOf(hash, suffix)));
  }

  /** @returns null where it is not here, or was damaged and has been thrown away */
  async get(hash: ContentHash, suffix: Suffix): Promise<CachedObject | null> {
    const name = nameOf(hash, suffix);
    const path = join(this.#folder, 'objects', name);
    let content: Buffer | FileHandle | null;
    try {
      content = this.#index.bytesOf(name) <= SMALL_FILE_BYTES ? readSmallFile(path) : null;
      content ??= await open(path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        this.#index.forget(name);
        return null;
      }
      throw fault(error);
    }
    try {
      const stored = Buffer.isBuffer(content) ? content.length : (await content.stat()).size;
      const bytes = stored - TRAILER_BYTES;
      const checked = (this.#checkedAtMs.get(name) ?? Number.NEGATIVE_INFINITY) > Date.now() - CHECK_AGAIN_MS;
      if (!checked && !(await isSound(content, bytes))) {
        await closeContent(content);
        await this.remove(hash, suffix);
        return null;
      }
      if (!checked) this.#checkedAtMs.set(name, Date.now());
      if (this.#index.use(name, stored)) {
        const now = new Date();
        // Another user's cache may be read and not touched.
        await utimes(path, now, now).catch(() => {});
      }
      return new CachedObject(content, bytes);
    } catch (error) {
      await closeContent(content).catch(() => {});
      throw fault(error);
    }
  }

  /** A small object, as put() stores it. @throws CacheFault */
  async putSmall(hash: ContentHash, suffix: Suffix, content: Buffer): Promise<void> {
    this.#mustFit(content.length);
    const stored = Buffer.concat([content, MAGIC, createHash('sha256').update(content).digest()]);
    await this.#store(nameOf(hash, suffix), (making) => {
      writeSmallFile(making, stored);
      return stored.length;
    });
  }

  /**
   * @param write fills the file and says what it has written; when it throws, nothing was stored
   * @throws CacheFault where the disk or the quota has no room, or what `write` throws
   */
  async put(
    hash: ContentHash,
    suffix: Suffix,
    expectBytes: number,
    write: (file: FileHandle) => Promise<Received>,
  ): Promise<void> {
    this.#mustFit(expectBytes);
    await this.#store(nameOf(hash, suffix), async (making) => {
      const file = await open(making, 'wx', 0o644);
      try {
        const received = await write(file);
        await file.writeFile(Buffer.concat([MAGIC, received.digest]));
        return received.bytes + TRAILER_BYTES;
      } finally {
        await file.close();
      }
    });
  }

  /** @param make writes the file, and says how many bytes it has */
  async #store(name: string, make: (making: string) => number | Promise<number>): Promise<void> {
    const making = this.#ownPath('making');
    const path = join(this.#folder, 'objects', name);
    let bytes: number;
    try {
      bytes = await make(making);
      try {
        renameSync(making, path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        await makeFolder(dirname(path));
        renameSync(making, path);
      }
    } catch (error) {
      await rm(making, { force: true });
      throw fault(error);
    }
    this.#index.use(name, bytes);
    this.#checkedAtMs.set(name, Date.now());
    if (this.#index.isOver) await this.makeRoom();
  }

  #mustFit(bytes: number): void {
    const { quotaBytes } = this.#index;
    if (bytes > quotaBytes)
      throw new CacheFault(`may hold ${quotaBytes} bytes, and one object has ${bytes}`, true);
  }

  /** Throws away what was used longest ago, down to a part of what may be here. What is open stays readable to who has it open. */
  async makeRoom(part = KEEP_PART): Promise<void> {
    // Other processes have stored and removed as well.
    await this.#index.rescan();
    for (const name of this.#index.surplus(part * Math.min(this.#index.bytes, this.#index.quotaBytes))) {
      await rm(join(this.#folder, 'objects', name), { force: true });
      this.#index.forget(name);
      this.#checkedAtMs.delete(name);
    }
  }

  async remove(hash: ContentHash, suffix: Suffix): Promise<void> {
    const name = nameOf(hash, suffix);
    await rm(join(this.#folder, 'objects', name), { force: true });
    this.#index.forget(name);
    this.#checkedAtMs.delete(name);
  }

  /** Keeps an object from being thrown away by this process. */
  pin(hash: ContentHash, suffix: Suffix): void {
    this.#index.pinned.add(nameOf(hash, suffix));
  }

  unpin(hash: ContentHash, suffix: Suffix): void {
    this.#index.pinned.delete(nameOf(hash, suffix));
  }

  /** A path of this process alone for an object; the caller removes it. @returns null where the object is not here */
  async privatePath(hash: ContentHash, suffix: Suffix): Promise<string | null> {
    const own = this.#ownPath('open');
    const object = join(this.#folder, 'objects', nameOf(hash, suffix));
    try {
      // Some file systems have no second names.
      await link(object, own).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') throw error;
        return copyFile(object, own);
      });
      return own;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw fault(error);
    }
  }

  /** A path of this process alone where nothing is yet; the caller removes it. */
  scratchPath(): string {
    return this.#ownPath('open');
  }

  #ownPath(part: 'making' | 'open'): string {
    return join(this.#folder, part, `${process.pid}-${this.#ownName}-${this.#made++}`);
  }
}

/** An object's content, open: in memory where it is small. */
export class CachedObject {
  readonly bytes: number;
  readonly #content: Buffer | FileHandle;

  constructor(content: Buffer | FileHandle, bytes: number) {
    this.#content = content;
    this.bytes = bytes;
  }

  /** Fewer bytes than asked for only at the end. */
  async read(offset: number, count: number): Promise<Buffer> {
    const most = Math.max(0, Math.min(count, this.bytes - offset));
    const content = this.#content;
    if (Buffer.isBuffer(content)) return content.subarray(offset, offset + most);
    const into = Buffer.allocUnsafe(most);
    let done = 0;
    while (done < most) {
      const { bytesRead } = await content.read(into, done, most - done, offset + done);
      if (bytesRead === 0) throw new CacheFault('lost the end of a file that is in use', false);
      done += bytesRead;
    }
    return into;
  }

  async close(): Promise<void> {
    await closeContent(this.#content);
  }
}

async function closeContent(content: Buffer | FileHandle): Promise<void> {
  if (!Buffer.isBuffer(content)) await content.close();
}

/** Down to this part of the quota, so that room is not made for each object anew. */
const KEEP_PART = 0.75;
const MAGIC = Buffer.from('beamtime');
const TRAILER_BYTES = MAGIC.length + 32;
const CHECK_AGAIN_MS = 3_600_000;
const STEP_BYTES = 128 * 1024;

async function isSound(file: Buffer | FileHandle, bytes: number): Promise<boolean> {
  if (bytes < 0) return false;
  const hash = createHash('sha256');
  if (Buffer.isBuffer(file)) {
    hash.update(file.subarray(0, bytes));
    return file.subarray(bytes).equals(Buffer.concat([MAGIC, hash.digest()]));
  }
  const step = Buffer.allocUnsafe(Math.min(STEP_BYTES, bytes + TRAILER_BYTES));
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await file.read(step, 0, Math.min(step.length, bytes - at), at);
    if (bytesRead === 0) return false;
    hash.update(step.subarray(0, bytesRead));
    at += bytesRead;
  }
  const trailer = Buffer.alloc(TRAILER_BYTES);
  await file.read(trailer, 0, TRAILER_BYTES, bytes);
  return trailer.equals(Buffer.concat([MAGIC, hash.digest()]));
}

function nameOf(hash: ContentHash, suffix: Suffix): string {
  return `${hash.slice(0, 2)}/${hash.slice(2)}${suffix}`;
}

/** Removes what processes left that are no more; a name may have come to another process, but not for a day. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const pid = Number.parseInt(name, 10);
    const found = await stat(path).catch(() => null);
    const inUse = pid > 0 && isAlive(pid) && (found?.ctimeMs ?? 0) > Date.now() - DAY_MS;
    if (!inUse) await rm(path, { recursive: true, force: true });
  }
}

const DAY_MS = 86_400_000;

/** What the disk says becomes a CacheFault; what is not of the disk stays what it is. */
function fault(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const ofDisk =
    syscall !== undefined &&
    /^(open|write|rename|mkdir|fstat|read|link|copyfile|close|ftruncate|unlink|stat|scandir|utime)$/.test(
      syscall,
    );
  // Sockets read and write too; their errors have other codes.
  if (!(error instanceof Error) || !ofDisk || /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/.test(code ?? ''))
    return error;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new CacheFault(full ? 'has no room on the disk' : error.message, full, { cause: error });
}
