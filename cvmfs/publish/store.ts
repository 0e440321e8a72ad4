import { execFile } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { threadId } from 'node:worker_threads';
import { makeFolder, syncFolder } from '../../platform/files.ts';
import { FormatError } from '../format/errors.ts';
import { type Algorithm, type ContentHash, objectPath, type Suffix } from '../format/hashes.ts';
import { type Compression, decodeObject, encodeObject } from '../format/objects.ts';
import { inWords, RepositoryDamaged, StoreFault } from './errors.ts';
import { STAGING } from './filenames.ts';

/** How objects are stored; goes to worker threads as it is. */
export interface StoreOptions {
  readonly folder: string;
  readonly algorithm: Algorithm;
  /** Of files; catalogs and the like are always compressed. */
  readonly compression: Compression;
  /** Nothing is written; only said what would be. */
  readonly dryRun: boolean;
  /** What is there already may be half-written by one who was cut off: it is not relied on. */
  readonly rewrite: boolean;
}

export interface Put {
  readonly hash: ContentHash;
  readonly storedBytes: number;
  readonly isNew: boolean;
}

let made = 0;

/** Stores an object unless it is there. Synchronous: a worker thread does nothing else meanwhile. @throws StoreFault */
export function putObject(options: StoreOptions, plain: Uint8Array, suffix: Suffix): Put {
  const compression = suffix === '' || suffix === 'P' ? options.compression : 'zlib';
  const { hash, stored } = encodeObject(options.algorithm, plain, compression);
  const path = join(options.folder, objectPath(hash, suffix));
  const isNew = !existsSync(path);
  if ((isNew || options.rewrite) && !options.dryRun) place(options.folder, path, stored);
  return { hash, storedBytes: stored.length, isNew };
}

/** Whole or not at all: written beside, then renamed. @throws StoreFault */
export function place(folder: string, path: string, bytes: Uint8Array): void {
  const making = join(folder, STAGING, `${process.pid}-${threadId}-${made++}`);
  try {
    const file = openSync(making, 'wx', 0o644);
    try {
      writeFileSync(file, bytes);
    } finally {
      closeSync(file);
    }
    try {
      renameSync(making, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      mkdirSync(dirname(path), { recursive: true });
      renameSync(making, path);
    }
  } catch (error) {
    rmSync(making, { force: true });
    throw inWords(error, `cannot write to ${folder}`, StoreFault);
  }
}

/** The folders of an empty repository. */
export async function makeStore(folder: string): Promise<void> {
  await makeFolder(join(folder, STAGING));
  for (let i = 0; i < 256; i++) await makeFolder(join(folder, 'data', i.toString(16).padStart(2, '0')));
}

/** A small object's content, checked. @throws RepositoryDamaged */
export function readObject(
  folder: string,
  hash: ContentHash,
  suffix: Suffix,
  compression: Compression = 'zlib',
) {
  const path = objectPath(hash, suffix);
  try {
    return decodeObject(hash, readFileSync(join(folder, path)), MOST_OBJECT_BYTES, compression);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (!missing && !(cause instanceof FormatError)) throw cause;
    throw new RepositoryDamaged(`${path} is ${missing ? 'missing' : 'damaged'} in ${folder}`, { cause });
  }
}

const MOST_OBJECT_BYTES = 2 ** 31;

/** Removes what others who were cut off left; only the holder of the lock may. */
export async function sweepStaging(folder: string): Promise<void> {
  const staging = join(folder, STAGING);
  for (const name of await readdir(staging)) await rm(join(staging, name), { recursive: true, force: true });
}

/** Every object: path below the repository, in no order. */
export function* allObjects(folder: string): Generator<string> {
  if (!existsSync(join(folder, 'data'))) return;
  for (const part of readdirSync(join(folder, 'data'))) {
    if (!/^[0-9a-f]{2}$/.test(part)) continue;
    for (const name of readdirSync(join(folder, 'data', part))) yield `data/${part}/${name}`;
  }
}

const run = promisify(execFile);

/**
 * Returns when all that was written is on the disk. One syncfs(2), by sync(1) since Node has no such call, costs far
 * less than a call for each of thousands of files.
 */
export async function syncStore(folder: string, written: Iterable<string>): Promise<void> {
  if (process.platform === 'linux') {
    const done = await run('sync', ['-f', join(folder, 'data')]).then(
      () => true,
      () => false,
    );
    if (done) return;
  }
  const folders = new Set<string>();
  for (const path of written) {
    const file = await open(join(folder, path), 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    folders.add(dirname(join(folder, path)));
  }
  for (const one of folders) await syncFolder(one);
}
