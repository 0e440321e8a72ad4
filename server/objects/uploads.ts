import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File, syncFolder } from '../../platform/files.ts';
import { S3Fault } from '../../platform/s3.ts';
import type { UploadState } from '../../protocol/project-api.ts';
import type { Database } from '../store/database.ts';
import { HashMismatch, TooLarge } from './errors.ts';
import type { Objects } from './objects.ts';

/** The sender's offset is not where the server is; it goes on from `state`. */
export class WrongOffset extends Error {
  override readonly name = 'WrongOffset';
  readonly state: UploadState;
  constructor(state: UploadState) {
    super(`the upload stands at byte ${state.offset}; go on from there`);
    this.state = state;
  }
}

/** The same host sends this file on another connection, which has taken over. */
export class TakenOver extends WrongOffset {}

/** The same file comes in at another server just now. */
export class ComingElsewhere extends Error {
  override readonly name = 'ComingElsewhere';
}

/** The host has no work in hand whose output may be that large. */
export class NothingDue extends Error {
  override readonly name = 'NothingDue';
}

export interface UploadPart {
  /** Whose upload; two hosts with the same bytes do not disturb each other. */
  readonly hostId: number;
  readonly sha256: string;
  readonly offset: number;
  /** Of the whole. */
  readonly length: number;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Bytes that this host's uploads may have together: what its leases may give. */
  readonly allowedBytes: number;
}

const WHOLE = '.whole';

/** A result's files are uploaded one after the other and reported at once; what was not touched for longer is left over. */
const LEFTOVER_MS = 10 * 60_000;

/** Each part is weighed against all that its host has sent: without a bound, files of one byte would make that slow. */
const MOST_FILES = 1000;

/**
 * Resumable uploads, after the IETF draft's and tus's idea: an upload's state is how many bytes of it are on disk.
 *
 *     FOLDER/HOST/SHA256         as many bytes as have come; a part that is cut keeps them
 *     FOLDER/HOST/SHA256.whole   all bytes came, have that hash and are synced
 *     an object                  once a report names it: take()
 *
 * What no report ever names is forgotten after a while, so a host cannot fill the disk.
 */
export class Uploads {
  readonly #folder: string;
  readonly #objects: Objects;
  readonly #alone: Database['alone'];
  /** The part each file is being written by. */
  readonly #running = new Map<string, { cut: () => void; done: Promise<void> }>();

  /** @param alone does what no other server does meanwhile */
  constructor(folder: string, objects: Objects, alone: Database['alone']) {
    this.#folder = folder;
    this.#objects = objects;
    this.#alone = alone;
  }

  async state(hostId: number, sha256: string): Promise<UploadState> {
    const path = this.#path(hostId, sha256);
    const whole = await fileSize(path + WHOLE);
    if (whole !== null) return { offset: whole, complete: true };
    const begun = await fileSize(path);
    if (begun !== null) return { offset: begun, complete: false };
    const object = await this.#sizeOfObject(sha256);
    return { offset: object ?? 0, complete: object !== null };
  }

  /**
   * Takes a part.
   * @throws WrongOffset, TooLarge (more than `length`), NothingDue, HashMismatch (the upload then begins anew),
   *   ComingElsewhere (to be tried again soon)
   */
  async append(part: UploadPart): Promise<UploadState> {
    const path = this.#path(part.hostId, part.sha256);
    // A sender that comes again takes over from its own connection that hangs. Others may have waited as we did.
    for (let before = this.#running.get(path); before; before = this.#running.get(path)) {
      before.cut();
      await before.done;
    }
    const cut = new AbortController();
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    this.#running.set(path, { cut: () => cut.abort(), done });
    try {
      let state: UploadState | null = null;
      await this.#alone(`upload ${part.hostId} ${part.sha256}`, async () => {
        state = await this.#append(path, part, cut.signal);
      });
      if (!state) throw new ComingElsewhere('this file is being sent on another connection; try again soon');
      return state;
    } finally {
      this.#running.delete(path);
      finish();
    }
  }

  /** Lengths of those of a host's uploads that are whole. */
  async whole(hostId: number, hashes: readonly string[]): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    for (const sha256 of hashes) {
      const bytes = await fileSize(this.#path(hostId, sha256) + WHOLE);
      if (bytes !== null) sizes.set(sha256, bytes);
    }
    return sizes;
  }

  /**
   * Makes objects of a host's whole uploads, as far as these are such. Durable when it resolves.
   */
  async take(hostId: number, hashes: readonly string[]): Promise<void> {
    for (const sha256 of new Set(hashes)) {
      try {
        await this.#objects.adopt(sha256, this.#path(hostId, sha256) + WHOLE);
      } catch (error) {
        // It was an object before, or another report of this host has taken it just now.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }

  /** Removes what nobody has touched since `before`. */
  async forget(before: Date): Promise<void> {
    const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true });
    // What is in a folder comes after it in the list.
    for (const entry of entries.reverse()) {
      const path = join(entry.parentPath, entry.name);
      // A folder that is not empty, or where somebody begins just now, stays.
      if (entry.isDirectory()) await rmdir(path).catch(() => {});
      else if (!this.#running.has(path) && ((await statOf(path))?.mtime ?? before) < before)
        await rm(path, { force: true });
    }
  }

  /** Where the bucket is away, uploads go on all the same: they come to lie here. */
  async #sizeOfObject(sha256: string): Promise<number | null> {
    return this.#objects.size(sha256).catch((error: unknown) => {
      if (error instanceof S3Fault && error.isAway) return null;
      throw error;
    });
  }

  async #append(path: string, part: UploadPart, signal: AbortSignal): Promise<UploadState> {
    const state = await this.state(part.hostId, part.sha256);
    if (state.complete) return state;
    if (state.offset !== part.offset) throw new WrongOffset(state);
    await this.#makeRoom(part);
    // Hashing along is possible only from the start; a resumed upload is read again as a whole.
    const hash = part.offset === 0 ? createHash('sha256') : null;
    let offset = part.offset;
    const file = await this.#open(path, part.hostId);
    try {
      offset = await this.#write(file, part, signal, hash);
      if (offset < part.length) return { offset, complete: false };
      await file.datasync();
    } finally {
      await file.close();
    }
    const actual = hash ? hash.digest('hex') : await sha256File(path);
    if (actual !== part.sha256) {
      await rm(path, { force: true });
      throw new HashMismatch(part.sha256, actual);
    }
    await rename(path, path + WHOLE);
    await syncFolder(join(this.#folder, String(part.hostId)));
    return { offset, complete: true };
  }

  async #open(path: string, hostId: number): Promise<FileHandle> {
    for (;;) {
      await mkdir(join(this.#folder, String(hostId)), { recursive: true, mode: 0o700 });
      try {
        return await open(path, 'a', 0o600);
      } catch (error) {
        // forget() removed the empty folder in between.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }

  /**
   * Sees that the host's uploads stay within what its leases may give. What it began long ago and did not report
   * must not stand in the way of new work: it goes, oldest first.
   */
  async #makeRoom({ hostId, sha256, length, allowedBytes }: UploadPart): Promise<void> {
    const folder = join(this.#folder, String(hostId));
    const others: { path: string; bytes: number; atMs: number }[] = [];
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const found = name === sha256 ? null : await statOf(path);
      if (found) others.push({ path, bytes: found.size, atMs: found.mtimeMs });
    }
    let files = others.length + 1;
    let total = others.reduce((sum, { bytes }) => sum + bytes, length);
    const leftover = others.filter(
      ({ path, atMs }) => !this.#running.has(path) && atMs < Date.now() - LEFTOVER_MS,
    );
    if (length <= allowedBytes) {
      for (const { path, bytes } of leftover.sort((a, b) => a.atMs - b.atMs)) {
        if (total <= allowedBytes && files <= MOST_FILES) break;
        await rm(path, { force: true });
        total -= bytes;
        files--;
      }
    }
    if (total > allowedBytes) {
      throw new NothingDue(
        `this host has no work in hand whose output may have ${length} bytes more (${allowedBytes} in all); drop the result`,
      );
    }
    if (files > MOST_FILES)
      throw new NothingDue(
        `this host has sent ${MOST_FILES} files and reported none of them; report them first`,
      );
  }

  /** @returns the offset reached; on error what came is on disk and counts */
  async #write(
    file: FileHandle,
    part: UploadPart,
    signal: AbortSignal,
    hash: ReturnType<typeof createHash> | null,
  ): Promise<number> {
    let offset = part.offset;
    const chunks = part.chunks[Symbol.asyncIterator]();
    const cut = aborted(signal);
    for (;;) {
      const next = await Promise.race([chunks.next(), cut]);
      if (next === 'cut') throw new TakenOver({ offset, complete: false });
      if (next.done) break;
      const chunk = next.value;
      if (offset + chunk.length > part.length) {
        throw new TooLarge(`more bytes came than upload-length (${part.length}) announced`);
      }
      await file.writeFile(chunk);
      hash?.update(chunk);
      offset += chunk.length;
    }
    return offset;
  }

  #path(hostId: number, sha256: string): string {
    return join(this.#folder, String(hostId), sha256);
  }
}

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function fileSize(path: string): Promise<number | null> {
  return (await statOf(path))?.size ?? null;
}

function aborted(signal: AbortSignal): Promise<'cut'> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve('cut'), { once: true }));
}
