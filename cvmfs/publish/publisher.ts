import { createPrivateKey, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../platform/files.ts';
import { type FolderLock, lockFolder } from '../../platform/folder-lock.ts';
import { parseCertificate } from '../format/certificate.ts';
import { FormatError } from '../format/errors.ts';
import { type ContentHash, hashOf } from '../format/hashes.ts';
import type { History } from '../format/history.ts';
import { decodeManifest, type Manifest } from '../format/manifest.ts';
import { type Reflog, readReflog } from '../format/reflog.ts';
import { isManifestSignature } from '../format/signatures.ts';
import { bootIdentity } from './boot.ts';
import { RepositoryDamaged, WrongPlace } from './errors.ts';
import { MANIFEST, publisherFiles, REFLOG } from './filenames.ts';
import { FolderPlace } from './places/folder.ts';
import { readSettings, type Settings } from './settings.ts';
import { type StoreOptions, sweepStaging } from './store.ts';
import { Stored } from './stored.ts';

/** The revision that is published. */
export interface Revision {
  readonly manifest: Manifest;
  readonly reflog: Reflog;
  readonly history: History | null;
}

/** A repository and the folder of who publishes it, held so that nobody else publishes meanwhile. */
export class Publisher {
  readonly settings: Settings;
  readonly files: ReturnType<typeof publisherFiles>;
  readonly stored: Stored;
  readonly certificatePem: Buffer;
  readonly #key: KeyObject;
  readonly #lock: FolderLock;

  private constructor(
    folder: string,
    settings: Settings,
    certificatePem: Buffer,
    key: KeyObject,
    lock: FolderLock,
  ) {
    this.settings = settings;
    this.files = publisherFiles(folder);
    this.stored = new Stored(new FolderPlace(settings.folder), this.files.scratch);
    this.certificatePem = certificatePem;
    this.#key = key;
    this.#lock = lock;
  }

  /** What one who was cut off left is put right first. @throws WrongPlace, RepositoryDamaged, FolderInUse */
  static async open(folder: string): Promise<Publisher> {
    const settings = await readSettings(folder);
    const files = publisherFiles(folder);
    const lock = await lockFolder(files.lock);
    try {
      const pem = await readFile(files.certificate);
      const key = createPrivateKey(await readFile(files.certificateKey));
      await rm(files.scratch, { recursive: true, force: true });
      await makeFolder(files.scratch, 0o700);
      await sweepStaging(settings.folder).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'ENOENT') throw cause;
        throw new WrongPlace(
          `there is no repository in ${settings.folder}, where ${files.settings} says it is`,
          {
            cause,
          },
        );
      });
      return new Publisher(folder, settings, pem, key, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get signingKey(): KeyObject {
    return this.#key;
  }

  /** Whether a publication was cut off by a power cut: then objects may be half-written. By a kill none is. */
  async wasCutOff(): Promise<boolean> {
    const begunIn = await readFile(this.files.unfinished, 'utf8').catch(() => null);
    return begunIn !== null && (begunIn === '' || begunIn !== bootIdentity());
  }

  /** Also around all that writes objects. What says that one was cut off stays until one is not. */
  async setUnfinished(unfinished: boolean): Promise<void> {
    if (!unfinished) await rm(this.files.unfinished, { force: true });
    else if (!existsSync(this.files.unfinished)) await writeFileAtomic(this.files.unfinished, bootIdentity());
  }

  storeOptions(dryRun: boolean, rewrite: boolean): StoreOptions {
    const { folder, algorithm, compression } = this.settings;
    return { folder, algorithm, compression, dryRun, rewrite };
  }

  /** @throws RepositoryDamaged */
  async current(): Promise<Revision> {
    const { folder, repository } = this.settings;
    let manifest: Manifest;
    try {
      const decoded = decodeManifest(await readFile(join(folder, MANIFEST)));
      manifest = decoded.manifest;
      const { publicKey } = parseCertificate(this.certificatePem);
      const { hash, signature } = decoded.signed;
      if (!isManifestSignature(hash, signature, publicKey) || manifest.repository !== repository) {
        throw new RepositoryDamaged(`${join(folder, MANIFEST)} is not signed by this publisher`);
      }
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new RepositoryDamaged(`${join(folder, MANIFEST)} is damaged: ${cause.message}`, { cause });
    }
    const { history } = manifest;
    return {
      manifest,
      reflog: await this.#reflog(manifest.reflog),
      history: history === undefined ? null : await this.stored.history(history),
    };
  }

  async close(): Promise<void> {
    await rm(this.files.scratch, { recursive: true, force: true });
    await this.#lock.release();
  }

  /**
   * The reflog that the manifest names. They are two files, so that one who was cut off between them may have replaced
   * the first alone: then the one before is put back.
   */
  async #reflog(hash: ContentHash | undefined): Promise<Reflog> {
    const { folder, algorithm, repository } = this.settings;
    const path = join(folder, REFLOG);
    if (hash === undefined) return { repository, references: [] };
    let bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    if (hashOf(algorithm, bytes) !== hash) {
      bytes = await readFile(join(this.files.reflogs, hash)).catch((cause: NodeJS.ErrnoException) => {
        throw new RepositoryDamaged(`${path} is not the one that ${MANIFEST} names`, { cause });
      });
      await writeFileAtomic(path, bytes, 0o644);
    }
    const scratch = this.stored.scratchPath();
    await writeFile(scratch, bytes);
    try {
      return readReflog(scratch);
    } finally {
      await rm(scratch, { force: true });
    }
  }

  /** Keeps a reflog by its hash, and of all others only the one that is published. */
  async keepReflog(hash: ContentHash, bytes: Uint8Array, published: ContentHash | undefined): Promise<void> {
    await makeFolder(this.files.reflogs, 0o700);
    for (const name of await readdir(this.files.reflogs)) {
      if (name !== published && name !== hash) await rm(join(this.files.reflogs, name), { force: true });
    }
    await writeFileAtomic(join(this.files.reflogs, hash), bytes);
  }
}
