import { closeSync, fstatSync, fsync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { DirectoryEntry, OpenFile, OpenMode } from '../tree.ts';
import { checkedOffset, fail } from './common.ts';
import { sys, treeError } from './host-errors.ts';
import type { Account } from './host-ledger.ts';

const fsyncLater = promisify(fsync);

/**
 * Clients ask for more than there is, since most files are small: so much goes through one shared buffer, and what
 * is there is copied out. For more, the file's size is asked for first.
 */
const SCRATCH_BYTES = 65536;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** An open file of the host. */
export class HostFile implements OpenFile {
  readonly descriptor: number;
  readonly #how: OpenMode;
  readonly #account: Account;
  readonly #onClose: () => void;
  /** A fsync runs in the thread pool; the descriptor must outlive it. */
  #syncs = 0;
  #closed = false;

  constructor(descriptor: number, how: OpenMode, account: Account, onClose: () => void) {
    this.descriptor = descriptor;
    this.#how = how;
    this.#account = account;
    this.#onClose = onClose;
  }

  get writable(): boolean {
    return this.#how.write;
  }

  async read(offset: bigint, count: number): Promise<Uint8Array> {
    if (!this.#how.read) fail('EBADF', 'not open for reading');
    const at = checkedOffset(offset);
    return sys(() => {
      if (count > SCRATCH_BYTES) {
        const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(count, fstatSync(this.#fd()).size - at)));
        return bytes.subarray(0, readSync(this.#fd(), bytes, 0, bytes.length, at));
      }
      const length = readSync(this.#fd(), scratch, 0, count, at);
      return Buffer.from(scratch.subarray(0, length));
    });
  }

  async write(offset: bigint, data: Uint8Array): Promise<number> {
    if (!this.#how.write) fail('EBADF', 'not open for writing');
    const at = checkedOffset(offset, data.length);
    if (data.length === 0) return 0;
    return sys(() => {
      const from = this.#how.append && this.#account.counts ? fstatSync(this.#fd()).size : at;
      this.#account.grow(from + data.length);
      try {
        const written = writeSync(this.#fd(), data, 0, data.length, at);
        if (written < data.length && this.#account.counts) this.#account.settle(fstatSync(this.#fd()).size);
        return written;
      } catch (error) {
        if (this.#account.counts) this.#account.settle(fstatSync(this.#fd()).size);
        throw error;
      }
    });
  }

  resize(size: number): void {
    this.#account.grow(size);
    ftruncateSync(this.#fd(), size);
    this.#account.settle(size);
  }

  async list(): Promise<readonly DirectoryEntry[]> {
    fail('ENOTDIR', 'not a directory');
  }

  async sync(): Promise<void> {
    const descriptor = this.#fd();
    this.#syncs += 1;
    try {
      await fsyncLater(descriptor);
    } catch (error) {
      throw treeError(error);
    } finally {
      this.#syncs -= 1;
      if (this.#closed && this.#syncs === 0) closeSync(descriptor);
    }
  }

  async close(): Promise<void> {
    this.closeNow();
  }

  closeNow(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    this.#account.close();
    if (this.#syncs === 0) sys(() => closeSync(this.descriptor));
  }

  #fd(): number {
    if (this.#closed) fail('EBADF', 'the file is closed');
    return this.descriptor;
  }
}

export interface HostListing {
  readonly length: number;
  entry(index: number): DirectoryEntry;
}

/** An open directory: read once, when first listed. */
export class HostDirectory implements OpenFile {
  readonly #read: () => HostListing;
  #listing: HostListing | null = null;

  constructor(read: () => HostListing) {
    this.#read = read;
  }

  async list(skip: number, limit: number): Promise<readonly DirectoryEntry[]> {
    this.#listing ??= this.#read();
    const listing = this.#listing;
    const length = Math.max(0, Math.min(limit, listing.length - skip));
    return sys(() => Array.from({ length }, (_, index) => listing.entry(skip + index)));
  }

  async read(): Promise<Uint8Array> {
    fail('EISDIR', 'is a directory');
  }

  async write(): Promise<number> {
    fail('EBADF', 'not open for writing');
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}
}
