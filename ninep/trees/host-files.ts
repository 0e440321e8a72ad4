import { closeSync, fstatSync, fsync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { DirectoryEntry, OpenFile, OpenMode } from '../tree.ts';
import { checkedOffset, fail } from './common.ts';
import { sys, treeError } from './host-errors.ts';
import type { Account } from './host-ledger.ts';

const fsyncLater = promisify(fsync);

/** Below this a read goes through one shared buffer: most ask for far more than a small file has. */
const SMALL_READ = 65536;
const scratch = Buffer.allocUnsafeSlow(SMALL_READ);

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
      if (count <= SMALL_READ) {
        const length = readSync(this.#fd(), scratch, 0, count, at);
        return Uint8Array.prototype.slice.call(scratch, 0, length);
      }
      const buffer = Buffer.allocUnsafeSlow(count);
      const length = readSync(this.#fd(), buffer, 0, count, at);
      // Little in a large buffer: do not keep the rest alive until the reply is sent.
      return length < count / 4
        ? Uint8Array.prototype.slice.call(buffer, 0, length)
        : buffer.subarray(0, length);
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
        return writeSync(this.#fd(), data, 0, data.length, at);
      } catch (error) {
        this.#account.settle(fstatSync(this.#fd()).size);
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
