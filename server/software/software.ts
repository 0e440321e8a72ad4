import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeManifest } from '../../cvmfs/format/manifest.ts';
import { MANIFEST, NESTED_MARKER, publisherFiles } from '../../cvmfs/publish/filenames.ts';
import {
  create,
  daysLeft,
  type Listed,
  listedSource,
  Publisher,
  publish,
  removeTag,
  resign,
  whitelistWarning,
} from '../../cvmfs/publish/index.ts';
import { readSettings, writeSettings } from '../../cvmfs/publish/settings.ts';
import { FolderInUse } from '../../platform/folder-lock.ts';
import type { Logger } from '../../platform/log.ts';
import type { ProjectSoftware, SoftwarePlace } from '../../protocol/software.ts';
import { ApiFailure } from '../errors.ts';
import type { ServerFiles } from '../files.ts';
import { type MasterKey, masterKeyOf } from './master-key.ts';

/** For how long a signature of the master key holds; the reference implementation's. */
const WHITELIST_DAYS = 30;
/** With fewer left it is signed anew, where the master key is still here. */
const RESIGN_DAYS = 15;
const BUSY_SECONDS = 5;

/** What is published together, and named. */
export interface Publication {
  /** Of its folder in the repository. */
  readonly path: string;
  readonly tag: string;
  readonly title: string;
  readonly entries: readonly Listed[];
}

export interface RepositoryState {
  readonly revision: number;
  readonly publishedAt: Date;
  /** Until the whitelist must be signed anew; negative: hosts take nothing new. */
  readonly daysLeft: number;
}

/**
 * The project's repository of software: hosts read releases and the appliance from it. The key that it is believed by
 * is made at the first start, for invitations carry its fingerprint; the repository itself with the first publication.
 */
export class Software {
  readonly project: ProjectSoftware;
  readonly #folder: string;
  readonly #publisherFolder: string;
  readonly #masterKeyFile: string;
  readonly #log: Logger;
  #turns: Promise<unknown> = Promise.resolve();

  private constructor(files: ServerFiles, repository: string, masterKey: MasterKey, log: Logger) {
    this.project = {
      repository,
      masterKey: masterKey.der.toString('base64'),
      masterKeyFingerprint: masterKey.fingerprint,
    };
    this.#folder = join(files.repositories, repository);
    this.#publisherFolder = files.publisher(repository);
    this.#masterKeyFile = files.masterKey;
    this.#log = log;
  }

  /** @param projectKey its fingerprint: names the repository, so that no two projects' have one name */
  static async open(files: ServerFiles, projectKey: string, log: Logger): Promise<Software> {
    const repository = `software-${projectKey.slice(0, 12)}.beamtime.local`;
    const publisher = files.publisher(repository);
    const masterKey = await masterKeyOf(files.masterKey, publisherFiles(publisher).masterPublic(repository));
    if (existsSync(files.masterKey)) {
      log.warn(
        { masterKey: files.masterKey, repository, publisher },
        'the master key of the software lies on this server: who breaks in can publish for good. A real project keeps it elsewhere and signs every four weeks (docs/software.md)',
      );
    }
    const software = new Software(files, repository, masterKey, log);
    if (software.#isThere) await software.#settle();
    return software;
  }

  /** Publications, and what is decided by what is published, come one after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.then(work);
    this.#turns = turn.catch(() => {}); // told to whoever asked
    return turn;
  }

  /**
   * Publishes a folder and names the revision that brings it. To be called in turn.
   * @throws PublishError, ApiFailure
   */
  async publish({ path, tag, title, entries }: Publication, now: Date): Promise<SoftwarePlace> {
    const nowSeconds = Math.floor(now.getTime() / 1000);
    await this.#mustBe(nowSeconds);
    const publisher = await Publisher.open(this.#publisherFolder).catch(inUse);
    try {
      const { history } = await publisher.current();
      // Of a server that was killed before it could note what it had published: nobody was ever told.
      if (history?.tags.some(({ name }) => name === tag)) await removeTag(publisher, tag, nowSeconds);
      // Each has a catalog of its own: hosts load no other's.
      const marker: Listed = { path: NESTED_MARKER, bytes: 0, executable: false, content: nothing };
      const description = title;
      const source = listedSource([...entries, marker], nowSeconds);
      await publish(publisher, source, { at: path, tag: { name: tag, description }, nowSeconds });
      const { manifest } = await publisher.current();
      this.#log.info({ tag, revision: manifest.revision }, 'software published');
      return { repository: this.project.repository, tag, rootCatalog: manifest.rootCatalog, path };
    } finally {
      await publisher.close();
    }
  }

  /** @returns null before the first publication */
  async state(now: Date): Promise<RepositoryState | null> {
    if (!this.#isThere) return null;
    const { manifest } = decodeManifest(await readFile(join(this.#folder, MANIFEST)));
    return {
      revision: manifest.revision,
      publishedAt: new Date((manifest.publishedAt ?? 0) * 1000),
      daysLeft: await daysLeft(this.#folder, now.getTime() / 1000),
    };
  }

  /** Signs the whitelist anew before it runs out, or says that somebody must. */
  async keepSigned(now: Date): Promise<void> {
    if (!this.#isThere) return;
    const nowSeconds = Math.floor(now.getTime() / 1000);
    const days = await daysLeft(this.#folder, nowSeconds);
    if (days < RESIGN_DAYS && existsSync(this.#masterKeyFile)) {
      await resign(this.#publisherFolder, this.#masterKeyFile, WHITELIST_DAYS, nowSeconds);
      return;
    }
    const warning = whitelistWarning(this.project.repository, days);
    if (warning) this.#log.warn({ publisher: this.#publisherFolder }, warning);
  }

  async idle(): Promise<void> {
    await this.#turns;
  }

  get #isThere(): boolean {
    return existsSync(join(this.#folder, MANIFEST));
  }

  /** The data folder may have been moved, or be a copy. */
  async #settle(): Promise<void> {
    const written = await readSettings(this.#publisherFolder);
    if (written.folder === this.#folder) return;
    await writeSettings(this.#publisherFolder, { ...written, folder: this.#folder });
  }

  async #mustBe(nowSeconds: number): Promise<void> {
    const { settings } = publisherFiles(this.#publisherFolder);
    if (this.#isThere) return;
    if (!existsSync(this.#masterKeyFile)) {
      throw new ApiFailure(
        409,
        'master-key-missing',
        `the software repository is made with its master key, and ${this.#masterKeyFile} is not there; put it back for the first publication`,
      );
    }
    // Of a server that was killed while it made the repository.
    await rm(settings, { force: true });
    await create({
      repository: this.project.repository,
      folder: this.#folder,
      publisherFolder: this.#publisherFolder,
      masterKeyFile: this.#masterKeyFile,
      whitelistDays: WHITELIST_DAYS,
      nowSeconds,
    });
  }
}

function inUse(error: unknown): never {
  if (!(error instanceof FolderInUse)) throw error;
  throw new ApiFailure(
    503,
    'publishing',
    'somebody publishes in this repository just now; try again when that is done',
    { retryAfterSeconds: BUSY_SECONDS, cause: error },
  );
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
