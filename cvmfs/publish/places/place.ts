import type { ContentHash } from '../../format/hashes.ts';

export interface ListedObject {
  /** Below the repository. */
  readonly path: string;
  readonly bytes: number;
}

/** Where a copy of a repository is kept to be served: a folder, or a bucket. Paths are those below the repository. */
export interface Place {
  /** As a person knows it. */
  readonly shown: string;
  /** Must be called before anything is written; nobody else writes then. */
  hold(): Promise<Held>;
  has(path: string): Promise<boolean>;
  /** @returns null where it is not there */
  read(path: string): Promise<Buffer | null>;
  /** Where this computer has it as a file; null: it must be read. */
  localPath(path: string): string | null;
  /** Whole or not at all. @throws StoreFault */
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** An object as it comes; it becomes one when its hash is right. @returns its bytes. @throws ObjectCorrupt, StoreFault */
  receive(path: string, hash: ContentHash, body: AsyncIterable<Uint8Array>): Promise<number>;
  /** Resolves when all of these, which were put, stay there whatever happens. */
  settle(written: readonly string[]): Promise<void>;
  /** Every object, in no order. */
  list(): AsyncIterable<ListedObject>;
  remove(path: string): Promise<void>;
}

export interface Held {
  /** What is there may be half-written: who wrote last was cut off by a power cut. */
  readonly doubtful: boolean;
  /** All is there that should be. */
  finished(): Promise<void>;
  release(): Promise<void>;
}
