import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { publisherFiles } from '../../cvmfs/publish/filenames.ts';
import { syncFolder } from '../../platform/files.ts';
import { FolderInUse, type FolderLock, lockFolder } from '../../platform/folder-lock.ts';
import type { ServerFiles } from '../files.ts';
import { bucketOf } from '../objects/open-bucket.ts';
import { contentsOf } from './contents.ts';
import { TAR_END, tarHeader, tarPadding } from './tar.ts';

/** The backup can not be made, or is none that can be used; the message says what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/**
 * A backup is a tar archive: backup.json, store.jsonl, the files of the data folder by their paths, and at the end
 * SHA256SUMS with a line for each of those before it, by which a damaged one is known.
 */
export const ENTRIES = { about: 'backup.json', store: 'store.jsonl', sums: 'SHA256SUMS' } as const;

export const About = z.strictObject({
  format: z.literal(1),
  takenAt: z.iso.datetime(),
  serverVersion: z.string(),
  /** Where the objects are that are not in it. */
  bucket: z.string().optional(),
});
export type About = z.infer<typeof About>;

export interface Written {
  readonly files: number;
  readonly bytes: number;
  /** Links in the data folder that lead elsewhere: what they lead to is not in the backup. */
  readonly links: readonly string[];
  /** Where programs and large outputs are that are not in it; null: they are. */
  readonly bucket: string | null;
}

const READ_BYTES = 1_000_000;
const PATIENCE_MS = 60_000;
const AGAIN_MS = 100;

/**
 * Writes a backup, whole or not at all. What it reads may be in use: the store's snapshot was taken before, and all
 * files that it speaks of were there then and do not change.
 * @param snapshot file with the store's snapshot
 * @throws BackupError
 */
export async function writeBackup(
  files: ServerFiles,
  snapshot: string,
  about: Omit<About, 'format' | 'bucket'>,
  target: string,
): Promise<Written> {
  const beside = `${resolve(target)}.new`;
  await mustBeFree(target);
  const file = await open(beside, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    throw new BackupError(`${beside} can not be written (${cause.message})`, { cause });
  });
  try {
    const archive = new Archive(file);
    try {
      const bucket = await bucketOf(files);
      const whole: About = { format: 1, ...about, ...(bucket === null ? {} : { bucket }) };
      await archive.addText(ENTRIES.about, `${JSON.stringify(whole)}\n`);
      await archive.add(ENTRIES.store, snapshot);
      const locks = await holdPublishers(files);
      let contents: Awaited<ReturnType<typeof contentsOf>>;
      try {
        contents = await contentsOf(files);
        for (const path of contents.publishing) await archive.add(path, join(files.dataFolder, path));
      } finally {
        for (const lock of locks) await lock.release();
      }
      for (const path of contents.others) {
        const there = await archive.add(path, join(files.dataFolder, path), isOfNobody(path));
        if (!there && path.startsWith('cvmfs/')) {
          throw new BackupError('old software was removed while the backup was made; make it again');
        }
      }
      for (const path of contents.folders) await archive.addFolder(path);
      await archive.end();
      await file.sync();
      await rename(beside, target);
      await syncFolder(dirname(resolve(target)));
      return { files: archive.files, bytes: archive.bytes, links: contents.links, bucket };
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** Uploads become objects, damaged objects go. */
function isOfNobody(path: string): boolean {
  return /^(uploads|objects|cvmfs)\//.test(path);
}

async function mustBeFree(target: string): Promise<void> {
  const there = await open(target).then(
    async (file) => {
      await file.close();
      return true;
    },
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  if (there) throw new BackupError(`${target} is there already; give the backup another name`);
}

/** While these are held nothing is published. */
async function holdPublishers({ publisher }: ServerFiles): Promise<FolderLock[]> {
  const locks: FolderLock[] = [];
  for (const name of await readdir(publisher('.')).catch(() => [])) {
    for (const end = Date.now() + PATIENCE_MS; ; await delay(AGAIN_MS)) {
      try {
        locks.push(await lockFolder(publisherFiles(publisher(name)).lock));
        break;
      } catch (cause) {
        if (cause instanceof FolderInUse && Date.now() < end) continue;
        for (const lock of locks) await lock.release();
        if (!(cause instanceof FolderInUse)) throw cause;
        throw new BackupError('software is being published; make the backup after that', { cause });
      }
    }
  }
  return locks;
}

class Archive {
  readonly #file: FileHandle;
  readonly #sums: string[] = [];
  bytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  get files(): number {
    return this.#sums.length;
  }

  async addText(path: string, text: string): Promise<void> {
    const content = Buffer.from(text);
    await this.#write(tarHeader(path, content.length, 0o600));
    await this.#write(content);
    await this.#endEntry(path, content.length, createHash('sha256').update(content).digest('hex'));
  }

  addFolder(path: string): Promise<void> {
    return this.#write(tarHeader(path, 0, 0o700, 'folder'));
  }

  /**
   * Adds a file with the length it has when it is opened; it may grow meanwhile.
   * @param mayBeGone then nothing is added
   * @returns whether it was there
   */
  async add(path: string, from: string, mayBeGone = false): Promise<boolean> {
    const source = await open(from).catch((error: NodeJS.ErrnoException) => {
      if (mayBeGone && error.code === 'ENOENT') return null;
      throw error;
    });
    if (!source) return false;
    try {
      const { size, mode } = await source.stat();
      await this.#write(tarHeader(path, size, mode & 0o777));
      const hash = createHash('sha256');
      const piece = Buffer.allocUnsafe(Math.min(size, READ_BYTES));
      for (let at = 0; at < size; ) {
        const { bytesRead } = await source.read(piece, 0, Math.min(piece.length, size - at), at);
        if (bytesRead === 0)
          throw new BackupError(`${from} was cut while the backup was made; make it again`);
        const read = piece.subarray(0, bytesRead);
        hash.update(read);
        await this.#write(read);
        at += bytesRead;
      }
      await this.#endEntry(path, size, hash.digest('hex'));
    } finally {
      await source.close();
    }
    return true;
  }

  async end(): Promise<void> {
    await this.addText(ENTRIES.sums, this.#sums.join(''));
    await this.#write(TAR_END);
  }

  async #endEntry(path: string, size: number, sha256: string): Promise<void> {
    await this.#write(tarPadding(size));
    this.#sums.push(`${sha256}  ${path}\n`);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#file.writeFile(bytes);
    this.bytes += bytes.length;
  }
}
