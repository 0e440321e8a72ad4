import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Zip, ZipDeflate } from 'fflate';
import { CliError, EXIT, UsageError } from '../errors.ts';

type Content = () => AsyncIterable<Uint8Array>;

/** Takes files one after another; nothing is at its place before finish(). */
export interface Shelf {
  add(path: string, content: Content): Promise<void>;
  finish(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

/**
 * @param place FILE.zip, or a folder that is not there or empty
 * @throws CliError
 */
export async function openShelf(place: string): Promise<Shelf> {
  const path = resolve(place);
  const unfinished = `${path}.${process.pid}.new`;
  try {
    return await (path.endsWith('.zip') ? zipShelf(path, unfinished) : folderShelf(path, unfinished));
  } catch (cause) {
    throw cannotWrite(place, cause);
  }
}

/** Errors that are told in words already stay as they are. */
export function cannotWrite(place: string, cause: unknown): CliError {
  if (cause instanceof CliError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CliError(EXIT.failed, `cannot write ${place}: ${why}`, { cause });
}

async function folderShelf(path: string, unfinished: string): Promise<Shelf> {
  await makeRoom(path);
  await mkdir(unfinished, { recursive: true });
  return {
    async add(name, content) {
      const file = join(unfinished, name);
      await mkdir(dirname(file), { recursive: true });
      await pipeline(content, createWriteStream(file));
    },
    finish: () => rename(unfinished, path),
    discard: () => rm(unfinished, { recursive: true, force: true }),
  };
}

/** An empty folder may be there. @throws UsageError */
async function makeRoom(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR')
      throw new UsageError(`${path} is there already; name a new folder, or FILE.zip`, { cause });
    throw cause;
  }
}

async function zipShelf(path: string, unfinished: string): Promise<Shelf> {
  const file = await open(unfinished, 'w');
  let failed: Error | null = null;
  let pieces: Uint8Array[] = [];
  const zip = new Zip((error, piece) => {
    failed ??= error;
    pieces.push(piece);
  });
  const flush = async () => {
    if (failed) throw failed;
    const taken = Buffer.concat(pieces);
    pieces = [];
    await file.writeFile(taken);
  };
  return {
    async add(name, content) {
      const entry = new ZipDeflate(name);
      zip.add(entry);
      for await (const piece of content()) {
        entry.push(piece);
        await flush();
      }
      entry.push(new Uint8Array(), true);
      await flush();
    },
    async finish() {
      zip.end();
      await flush();
      await file.close();
      await rename(unfinished, path);
    },
    async discard() {
      zip.terminate();
      await file.close().catch(() => {}); // it may have been closed before the renaming failed
      await rm(unfinished, { force: true });
    },
  };
}
