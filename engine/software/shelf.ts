import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { FormatError } from '../../cvmfs/format/errors.ts';
import {
  CacheFault,
  NoServer,
  NoSuchTag,
  ObjectCache,
  PathError,
  Refusal,
  Repository,
  type RepositoryOptions,
  type Snapshot,
} from '../../cvmfs/read/index.ts';
import { folderTree } from '../../cvmfs/tree/repository-tree.ts';
import type { SoftwarePlace } from '../../protocol/software.ts';
import { type ObjectSource, ObjectsTooLarge } from '../objects/index.ts';
import { KeyMismatch, ProjectUnreachable, SoftwareRefused } from '../project/errors.ts';
import { Profiles, publishedNote } from './profiles.ts';
import type { Member, PlacedSoftware, SoftwareOptions, SoftwareTree } from './software.ts';

const READ_BYTES = 1024 * 1024;

/** The open cache, and repositories read through it. */
export class Shelf {
  readonly #options: SoftwareOptions;
  readonly #cache: ObjectCache;

  private constructor(options: SoftwareOptions, cache: ObjectCache) {
    this.#options = options;
    this.#cache = cache;
  }

  /** @throws the file system's error */
  static async open(options: SoftwareOptions): Promise<Shelf> {
    return new Shelf(options, await ObjectCache.open(options.folder, options.quotaBytes()));
  }

  get usedBytes(): number {
    return this.#cache.bytes;
  }

  /**
   * Opens the revision of a place: what its tag names, if that is the root catalog that the release names too.
   * @throws ProjectError
   */
  async at(member: Member, place: SoftwarePlace, signal: AbortSignal): Promise<PlacedSoftware> {
    const repository = await this.#repository(member, place, signal);
    const { snapshot } = repository;
    return {
      source: (nameOf) => sourceOf(snapshot, place, member, nameOf),
      close: () => repository.close(),
    };
  }

  /**
   * Opens a folder below a place for guests, as at(). A program's start is many small files one after another: what an
   * earlier run of the application read, here or where its release was made, is loaded ahead, and noted for the next.
   * @throws ProjectError
   */
  async tree(
    member: Member,
    place: SoftwarePlace,
    folder: string,
    signal: AbortSignal,
  ): Promise<SoftwareTree> {
    const profiles = new Profiles(join(this.#projectFolder(member), 'profiles'));
    const profile = await profiles.find(place.path, place.repository);
    const reading = { record: true, ...(profile ? { profile } : {}) };
    const repository = await this.#repository(member, place, signal, reading);
    let trouble: Error | null = null;
    const path = Buffer.from(`${place.path}/${folder}`, 'utf8').toString('latin1');
    if (!profile) {
      const note = await publishedNote(repository.snapshot, path);
      if (note) repository.loadAhead(note);
    }
    const tree = folderTree(repository.snapshot, path, (error) => {
      const told = inWords(error, member);
      trouble ??= told instanceof Error ? told : new Error(String(told));
    });
    return {
      tree,
      trouble: () => trouble,
      close: async () => {
        await repository.close();
        // A run is no worse for a note that the disk did not take; the next writes it.
        await profiles.keep(place.path, repository.recorded()).catch((error: unknown) => {
          if ((error as NodeJS.ErrnoException).code === undefined) throw error;
        });
      },
    };
  }

  /** Two projects may call their repositories the same. */
  #projectFolder({ keyFingerprint }: Member): string {
    return join(this.#options.folder, 'projects', keyFingerprint);
  }

  async #repository(
    member: Member,
    { repository, tag, rootCatalog }: SoftwarePlace,
    signal: AbortSignal,
    reading: Pick<RepositoryOptions, 'profile' | 'record'> = {},
  ): Promise<Repository> {
    const { url, name, software } = member;
    if (software?.repository !== repository) {
      throw new KeyMismatch(
        `${name} has its software in ${repository}, which its invitation did not vouch for; join it again by a new invitation`,
      );
    }
    const key = createPublicKey({
      key: Buffer.from(software.masterKey, 'base64'),
      format: 'der',
      type: 'spki',
    });
    const { pace } = this.#options;
    const opened = await Repository.open({
      repository,
      servers: [`${url}/cvmfs/${repository}`],
      masterKeys: [key],
      cache: this.#cache,
      stateFolder: this.#projectFolder(member),
      pin: { tag },
      serverOptions: { pace },
      signal,
      ...reading,
    }).catch((error: unknown) => {
      throw inWords(error, member);
    });
    const found = opened.snapshot.root.hash;
    if (found === rootCatalog) return opened;
    await opened.close();
    throw new SoftwareRefused(
      `the tag ${tag} of ${name} names other software (${found.slice(0, 12)}) than its release (${rootCatalog.slice(0, 12)}), so it is not run. Tell the project's staff`,
    );
  }
}

function sourceOf(
  snapshot: Snapshot,
  place: SoftwarePlace,
  member: Member,
  nameOf: (sha256: string) => string | undefined,
): ObjectSource {
  return async (sha256, from, signal) => {
    const name = nameOf(sha256);
    if (name === undefined) throw new Error(`object ${sha256} is no file of ${place.tag}`);
    const path = Buffer.from(`${place.path}/${name}`, 'utf8').toString('latin1');
    const file = await snapshot.openFile(path).catch((error: unknown) => {
      throw inWords(error, member);
    });
    async function* chunks() {
      try {
        for (let at = from; at < file.entry.size; ) {
          signal.throwIfAborted();
          const piece = await file.read(at, READ_BYTES);
          if (piece.length === 0) return;
          at += piece.length;
          yield piece;
        }
      } catch (error) {
        throw inWords(error, member);
      } finally {
        await file.close();
      }
    }
    return { from, chunks: chunks() };
  };
}

/** What a reader throws, as what a project did; a full disk as the disk's own error. */
function inWords(error: unknown, { name, url }: Member): unknown {
  if (error instanceof NoServer) {
    return new ProjectUnreachable(
      `the software of ${name} cannot be read from ${url} (${error.message}); the engine goes on trying`,
      null,
      { cause: error },
    );
  }
  if (error instanceof CacheFault && error.cause === undefined && error.full)
    return new ObjectsTooLarge(`${error.message}; allow more disk in the preferences`);
  if (error instanceof CacheFault) return error.cause ?? error;
  const isRefused =
    error instanceof Refusal ||
    error instanceof FormatError ||
    error instanceof NoSuchTag ||
    error instanceof PathError;
  if (!isRefused) return error;
  return new SoftwareRefused(
    `the software of ${name} is refused: ${error.message}. Nothing of it is run; tell the project's staff`,
    { cause: error },
  );
}
