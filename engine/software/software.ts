import type { Tree } from '../../ninep/tree.ts';
import type { SoftwarePlace } from '../../protocol/software.ts';
import type { ObjectSource } from '../objects/index.ts';
import type { Membership } from '../project/membership.ts';
import type { Shelf } from './shelf.ts';

export interface SoftwareOptions {
  /** Cache of all projects, and what was believed of each. */
  readonly folder: string;
  /** Of the cache; asked when it is first opened. */
  readonly quotaBytes: () => number;
  /** Resolves when so many bytes more may come over the network. */
  readonly pace: (bytes: number, signal: AbortSignal) => Promise<void>;
}

/** Of a membership what it takes to find and believe the project's software. */
export type Member = Pick<Membership, 'url' | 'name' | 'keyFingerprint' | 'software'>;

/** What lies at a place in a project's repository, for as long as it is wanted. */
export interface PlacedSoftware {
  /** Reads files of it as objects. @param nameOf where an object lies below the place's path */
  source(nameOf: (sha256: string) => string | undefined): ObjectSource;
  close(): Promise<void>;
}

/** A folder of it as guests see it, read as they ask. */
export interface SoftwareTree {
  readonly tree: Tree;
  /** The first thing that could not be had; the guest only heard that its disk does not work. */
  trouble(): Error | null;
  close(): Promise<void>;
}

/**
 * Software out of projects' repositories. A repository is opened when something of it is first read that is not here, at
 * the revision that its release names; another release is another revision, so that none waits for a restart and none
 * changes under a campaign. What reads them is loaded then too: an engine with nothing to fetch carries none of it.
 */
export class Software {
  readonly #options: SoftwareOptions;
  #shelf: Promise<Shelf> | null = null;
  #usedBytes = 0;

  constructor(options: SoftwareOptions) {
    this.#options = options;
  }

  /** Bytes that the cache takes of the disk, as far as is known. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** @param signal gives up what is under way */
  at(member: Member, place: SoftwarePlace, signal: AbortSignal): PlacedSoftware {
    let opened: Promise<PlacedSoftware> | null = null;
    return {
      source: (nameOf) => async (sha256, from, aborted) => {
        opened ??= this.#open().then((shelf) => shelf.at(member, place, signal));
        return (await opened).source(nameOf)(sha256, from, aborted);
      },
      close: async () => {
        if (!opened) return;
        const placed = await opened.catch(() => null); // told to who read
        await placed?.close();
        this.#usedBytes = (await this.#shelf)?.usedBytes ?? 0;
      },
    };
  }

  /**
   * Opens a folder below a place.
   * @throws ProjectError
   */
  async tree(
    member: Member,
    place: SoftwarePlace,
    folder: string,
    signal: AbortSignal,
  ): Promise<SoftwareTree> {
    return (await this.#open()).tree(member, place, folder, signal);
  }

  #open(): Promise<Shelf> {
    this.#shelf ??= import('./shelf.ts')
      .then(({ Shelf }) => Shelf.open(this.#options))
      .catch((error: unknown) => {
        this.#shelf = null;
        throw error;
      });
    return this.#shelf;
  }
}
