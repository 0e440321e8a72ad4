import type { Entry } from '../format/entry.ts';
import { nameOf, parentOf, type RepositoryPath } from '../format/paths.ts';
import type { WantedObject } from './objects.ts';
import { SMALL_FILE_BYTES } from './small-files.ts';
import type { Located } from './snapshot.ts';

/** Fewer than connections that are kept (HTTP_LIMITS): what is asked for by itself finds one. */
const AHEAD = 12;

/**
 * Who copies, packs or searches a tree reads the files of each folder in their order, each a way to the server and back.
 * Where it looks like that, the small ones that come next are loaded together.
 */
export class Neighbours {
  readonly #list: (folder: RepositoryPath) => Promise<readonly Located[]>;
  readonly #load: (wanted: readonly WantedObject[]) => void;
  #folder: RepositoryPath | null = null;
  #name = '';
  /** Whether the files before were read in their order. */
  #isOrderly = false;
  /** Of the folder, once it was worth listing: its small files. */
  #files: Promise<readonly Located[]> | null = null;
  /** The first of them that comes after the file opened last. */
  #next = 0;
  /** Up to here they were asked for. */
  #asked = 0;

  /** @param load is given what comes next, also what is here already; whether it comes is not waited for */
  constructor(
    list: (folder: RepositoryPath) => Promise<readonly Located[]>,
    load: (wanted: readonly WantedObject[]) => void,
  ) {
    this.#list = list;
    this.#load = load;
  }

  /** A file is opened. Resolves when what comes next was asked for. */
  async opened(path: RepositoryPath): Promise<void> {
    const [folder, name] = [parentOf(path), nameOf(path)];
    const isSame = folder === this.#folder;
    const isOrderly = isSame ? name > this.#name : this.#isOrderly;
    this.#folder = folder;
    this.#name = name;
    this.#isOrderly = isOrderly;
    if (!isSame) this.#files = null;
    if (!isSame || !isOrderly) this.#next = this.#asked = 0;
    if (!isOrderly) return;
    this.#files ??= this.#list(folder).then((all) => all.filter(({ entry }) => isSmall(entry)));
    const files = await this.#files;
    // Others were opened meanwhile, and have seen to what comes next.
    if (folder !== this.#folder || name !== this.#name) return;
    for (let one = files[this.#next]; one && one.entry.name <= name; one = files[this.#next]) this.#next++;
    // Half of them at a time: where several come in one request, each time one would be as many requests as before.
    if (this.#asked - this.#next > AHEAD / 2) return;
    const from = Math.max(this.#next, this.#asked);
    this.#asked = this.#next + AHEAD;
    this.#load(files.slice(from, this.#asked).flatMap(({ entry }) => wantedOf(entry)));
  }
}

function wantedOf({ hash, compression, size }: Entry): WantedObject[] {
  return hash === null ? [] : [{ hash, suffix: '', compression, mostBytes: size, exact: true }];
}

function isSmall({ kind, hash, chunked, external, size }: Entry): boolean {
  return kind === 'file' && hash !== null && !chunked && !external && size <= SMALL_FILE_BYTES;
}
