import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inflate } from '../../platform/deflate.ts';
import { syncFolder } from '../../platform/files.ts';

/** Where an object's bytes lie. */
export interface Place {
  readonly pack: number;
  readonly start: number;
  readonly bytes: number;
  /** How many bytes it has in the pack, where it is compressed there; null: as many as it has. */
  readonly deflated: number | null;
}

export interface Entry {
  readonly sha256: string;
  readonly content: Buffer;
  /** The same compressed (RFC 1951), as it came; null: it came as it is. */
  readonly deflated: Buffer | null;
}

/** A pack has no such bytes: it was cut or is gone. */
export class PackDamaged extends Error {
  override readonly name = 'PackDamaged';
}

const FULL_BYTES = 1e9;
/** Written at one go; a batch of results is some megabytes. */
const WRITE_BYTES = 4e6;

/**
 * Many small objects in a few large files, so that all that come together cost one fsync. A pack tells by itself
 * what is in it, entry after entry:
 *
 *     SHA256 " " BYTES "\n" content
 *     SHA256 " " BYTES " " DEFLATED BYTES "\n" content compressed
 *
 * Entries are appended and never change. What a crash leaves half written at a pack's end is never pointed to.
 */
export class Packs {
  readonly #folder: string;
  readonly #fullBytes: number;
  readonly #isShared: boolean;
  #current: { readonly number: number; readonly file: FileHandle; end: number } | null = null;
  /** Appends wait for each other. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param isShared other servers append here too: each process begins packs of its own */
  constructor(folder: string, { fullBytes = FULL_BYTES, isShared = false } = {}) {
    this.#folder = folder;
    this.#fullBytes = fullBytes;
    this.#isShared = isShared;
  }

  /** Resolves when all are on disk. All or none: on error nothing is pointed to. */
  append(entries: readonly Entry[]): Promise<Place[]> {
    const places = this.#last.then(() => this.#append(entries));
    this.#last = places.catch(() => {});
    return places;
  }

  /** @throws PackDamaged */
  async read({ pack, start, bytes, deflated }: Place): Promise<Buffer> {
    const kept = await this.#read(pack, start, deflated ?? bytes);
    if (deflated === null) return kept;
    try {
      return inflate(kept, bytes);
    } catch (cause) {
      throw new PackDamaged(`pack ${pack} has damaged bytes at ${start}`, { cause });
    }
  }

  async #read(pack: number, start: number, bytes: number): Promise<Buffer> {
    const content = Buffer.allocUnsafe(bytes);
    const file = await open(this.#path(pack), 'r').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') throw new PackDamaged(`pack ${pack} is gone`, { cause });
      throw cause;
    });
    try {
      for (let done = 0; done < bytes; ) {
        const { bytesRead } = await file.read(content, done, bytes - done, start + done);
        if (bytesRead === 0) throw new PackDamaged(`pack ${pack} ends before byte ${start + bytes}`);
        done += bytesRead;
      }
    } finally {
      await file.close();
    }
    return content;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#leave();
  }

  async #append(entries: readonly Entry[]): Promise<Place[]> {
    if (entries.length === 0) return [];
    try {
      const pack = await this.#open();
      let { end } = pack;
      const places: Place[] = [];
      let waiting: Buffer[] = [];
      let waitingBytes = 0;
      const write = async () => {
        if (waiting.length > 0) await pack.file.writeFile(Buffer.concat(waiting));
        waiting = [];
        waitingBytes = 0;
      };
      for (const { sha256, content, deflated } of entries) {
        const kept = deflated ?? content;
        const head = Buffer.from(`${sha256} ${content.length}${deflated ? ` ${deflated.length}` : ''}\n`);
        places.push({
          pack: pack.number,
          start: end + head.length,
          bytes: content.length,
          deflated: deflated?.length ?? null,
        });
        end += head.length + kept.length;
        waitingBytes += head.length + kept.length;
        waiting.push(head, kept);
        if (waitingBytes >= WRITE_BYTES) await write();
      }
      await write();
      await pack.file.datasync();
      pack.end = end;
      return places;
    } catch (error) {
      // How much was written is not known (a full disk): the next append looks where the file ends.
      await this.#leave();
      throw error;
    }
  }

  async #open() {
    if (this.#current && this.#current.end >= this.#fullBytes) await this.#leave();
    if (this.#current) return this.#current;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const numbers = (await readdir(this.#folder))
      .map((name) => Number(/^(\d{6,})\.pack$/.exec(name)?.[1] ?? 0))
      .filter((number) => number > 0);
    let number = Math.max(1, ...numbers);
    let file = this.#isShared ? null : await open(this.#path(number), 'a', 0o600);
    if (file && (await file.stat()).size >= this.#fullBytes) {
      await file.close();
      file = null;
    }
    while (!file) {
      number++;
      // Never one that another server has begun meanwhile.
      file = await open(this.#path(number), 'ax', 0o600).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return null;
        throw error;
      });
    }
    await syncFolder(this.#folder);
    this.#current = { number, file, end: (await file.stat()).size };
    return this.#current;
  }

  async #leave(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    await current?.file.close().catch(() => {}); // it is synced or given up
  }

  #path(number: number): string {
    return join(this.#folder, `${String(number).padStart(6, '0')}.pack`);
  }
}
