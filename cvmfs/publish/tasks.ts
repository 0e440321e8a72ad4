import type { ContentHash, Suffix } from '../format/hashes.ts';
import type { Compression } from '../format/objects.ts';
import type { Put, StoreOptions } from './store.ts';

/** What tells whether a file is what it was. */
export interface FileStamp {
  readonly bytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
}

/** What a worker thread is asked for. A path is a byte string. */
export type Task =
  /** Reads a file whole and stores it. */
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number }
  /** Finds where to cut a file. */
  | { readonly kind: 'cuts'; readonly path: string; readonly bytes: number }
  /** Stores a piece of a file that must be as `stamp` says. */
  | {
      readonly kind: 'piece';
      readonly path: string;
      readonly offset: number;
      readonly bytes: number;
      readonly suffix: Suffix;
      readonly stamp: FileStamp;
    }
  /** Stores bytes. */
  | { readonly kind: 'bytes'; readonly data: Uint8Array; readonly bytes: number; readonly suffix: Suffix }
  /** Looks whether an object is what its name says and what a catalog says of its content. */
  | {
      readonly kind: 'verify';
      readonly path: string;
      readonly hash: ContentHash;
      readonly compression: Compression;
      /** null: not known. */
      readonly plainBytes: number | null;
      readonly bytes: number;
    };
export type TaskKind = Task['kind'];

export interface Answers {
  readonly file: Put & { readonly stamp: FileStamp };
  readonly cuts: { readonly cuts: readonly number[]; readonly stamp: FileStamp };
  readonly piece: Put;
  readonly bytes: Put;
  /** What is wrong; null: nothing. */
  readonly verify: { readonly problem: string | null };
}

export interface WorkerOptions {
  readonly store: StoreOptions;
  readonly bounds: { readonly minBytes: number; readonly averageBytes: number; readonly maxBytes: number };
}

export interface Batch {
  readonly tasks: readonly Task[];
}

export type Outcome =
  | { readonly answer: Answers[TaskKind] }
  /** `source`: the fault is of what is read, not of where it is stored. */
  | { readonly fault: string; readonly source: boolean; readonly changed: boolean }
  | { readonly defect: Error };

/** Answers to a batch, in its order. */
export interface BatchDone {
  readonly outcomes: readonly Outcome[];
}
