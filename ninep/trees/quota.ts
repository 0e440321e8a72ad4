import type { TreeStatistics } from '../tree.ts';
import { fail } from './common.ts';

export interface QuotaLimits {
  /** Sum of the sizes (st_size) of all files, each counted once however many names it has; holes count. */
  readonly quotaBytes?: number;
  /** How many files, directories and links there may be. */
  readonly quotaFiles?: number;
}

const BLOCK_BYTES = 4096;

/** What a tree may hold and what it holds. Unlinked files count until they are closed. */
export class Quota {
  readonly bytesLimit: number;
  readonly filesLimit: number;
  #bytes = 0;
  #files = 0;

  constructor(limits: QuotaLimits, fallback: Required<QuotaLimits>) {
    this.bytesLimit = limits.quotaBytes ?? fallback.quotaBytes;
    this.filesLimit = limits.quotaFiles ?? fallback.quotaFiles;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get files(): number {
    return this.#files;
  }

  /** @throws TreeError EDQUOT when `more` bytes do not fit; a negative number gives bytes back. */
  addBytes(more: number): void {
    if (more > 0 && this.#bytes + more > this.bytesLimit) {
      fail('EDQUOT', `${this.#bytes} of ${this.bytesLimit} bytes are used, ${more} more do not fit`);
    }
    this.#bytes = Math.max(0, this.#bytes + more);
  }

  /** @throws TreeError EDQUOT when there are as many files as may be. */
  addFile(): void {
    if (this.#files + 1 > this.filesLimit) fail('EDQUOT', `${this.filesLimit} files are the most`);
    this.#files += 1;
  }

  /** Counts what was there before, whatever the limits. */
  takeAsItIs(bytes: number): void {
    this.#bytes += bytes;
    this.#files += 1;
  }

  removeFile(): void {
    this.#files = Math.max(0, this.#files - 1);
  }

  /** As statfs(2) sees a disk of the quota's size. */
  statistics(): TreeStatistics {
    const blocks = (bytes: number) => BigInt(Math.floor(Math.min(bytes, 2 ** 52) / BLOCK_BYTES));
    const files = BigInt(Math.min(this.filesLimit, 2 ** 32));
    return {
      blockBytes: BLOCK_BYTES,
      blocks: blocks(this.bytesLimit),
      blocksFree: blocks(Math.max(0, this.bytesLimit - this.#bytes)),
      files,
      filesFree: files - BigInt(Math.min(this.#files, Number(files))),
    };
  }
}
