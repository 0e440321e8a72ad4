import { createHash } from 'node:crypto';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File } from '../../platform/files.ts';
import type { UploadState } from '../../protocol/project-api.ts';
import { HashMismatch, type Objects, TooLarge } from './objects.ts';

/** The sender's offset is not where the server is; it goes on from `state`. */
export class WrongOffset extends Error {
  override readonly name = 'WrongOffset';
  readonly state: UploadState;
  constructor(state: UploadState) {
    super(`the upload stands at byte ${state.offset}; go on from there`);
    this.state = state;
  }
}

export interface UploadPart {
  /** Whose upload; two hosts with the same bytes do not disturb each other. */
  readonly hostId: number;
  readonly sha256: string;
  readonly offset: number;
  /** Of the whole. */
  readonly length: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Resumable uploads, after the IETF draft's and tus's idea: an upload's state is how many bytes of it are on
 * disk. A part that is cut keeps what came; the last part's bytes complete the whole, which is then hashed,
 * synced, and renamed into the objects.
 */
export class Uploads {
  readonly #folder: string;
  readonly #objects: Objects;
  /** Running part by file: a sender that comes again takes over from its own connection that hangs. */
  readonly #running = new Map<string, { cut: () => void; done: Promise<void> }>();

  constructor(folder: string, objects: Objects) {
    this.#folder = folder;
    this.#objects = objects;
  }

  async state(hostId: number, sha256: string): Promise<UploadState> {
    const whole = await this.#objects.size(sha256);
    if (whole !== null) return { offset: whole, complete: true };
    return { offset: await this.#offset(this.#path(hostId, sha256)), complete: false };
  }

  /**
   * Takes a part.
   * @throws WrongOffset, TooLarge (more than `length`), HashMismatch (the upload then begins anew)
   */
  async append(part: UploadPart): Promise<UploadState> {
    const path = this.#path(part.hostId, part.sha256);
    const before = this.#running.get(path);
    if (before) {
      before.cut();
      await before.done;
    }
    const cut = new AbortController();
    let finish = () => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const mine = { cut: () => cut.abort(), done };
    this.#running.set(path, mine);
    try {
      return await this.#append(path, part, cut.signal);
    } finally {
      if (this.#running.get(path) === mine) this.#running.delete(path);
      finish();
    }
  }

  async #append(path: string, part: UploadPart, signal: AbortSignal): Promise<UploadState> {
    const state = await this.state(part.hostId, part.sha256);
    if (state.complete) return state;
    if (state.offset !== part.offset) throw new WrongOffset(state);
    // Hashing along is possible only from the start; a resumed upload is read again as a whole.
    const hash = part.offset === 0 ? createHash('sha256') : null;
    let offset = part.offset;
    const file = await open(path, 'a', 0o600);
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
    await this.#objects.adopt(part.sha256, path);
    return { offset, complete: true };
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
      if (next === 'cut') throw new WrongOffset({ offset, complete: false });
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
    return join(this.#folder, `${hostId}-${sha256}`);
  }

  async #offset(path: string): Promise<number> {
    try {
      return (await stat(path)).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    }
  }
}

function aborted(signal: AbortSignal): Promise<'cut'> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve('cut'), { once: true }));
}
