import { lstatSync, readdirSync } from 'node:fs';
import type { TreeStatistics } from '../tree.ts';
import { Quota, type QuotaLimits } from './quota.ts';

/** The size of one open file as the quota sees it, shared by all who have it open. */
export interface Account {
  /** Is there a quota at all? */
  readonly counts: boolean;
  /** @throws TreeError EDQUOT when the file may not become this large */
  grow(size: number): void;
  /** The file has this size now. */
  settle(size: number): void;
  close(): void;
}

interface OpenState {
  size: number;
  opens: number;
  removed: boolean;
}

const FREE: Account = { counts: false, grow() {}, settle() {}, close() {} };

/**
 * Keeps a host folder within its quota. What the folder holds is counted once, at the first change; from then on
 * each change is booked. Without a quota nothing is counted and nothing costs.
 */
export class HostLedger {
  readonly limited: boolean;
  readonly #quota: Quota;
  readonly #open = new Map<bigint, OpenState>();
  #scan: (() => void) | null = null;

  constructor(limits: QuotaLimits) {
    this.limited = limits.quotaBytes !== undefined || limits.quotaFiles !== undefined;
    this.#quota = new Quota(limits, {
      quotaBytes: Number.POSITIVE_INFINITY,
      quotaFiles: Number.POSITIVE_INFINITY,
    });
  }

  /** @param folder gives the path of the served folder, which is read when first needed */
  scanFrom(folder: () => string | Buffer): void {
    if (!this.limited) return;
    this.#scan = () => {
      const sizes: number[] = [];
      measure(Buffer.from(folder()), new Set(), sizes);
      // Over-full folders are accepted as they are; they only cannot grow.
      for (const size of sizes) this.#quota.takeAsItIs(size);
    };
  }

  statistics(): TreeStatistics {
    return this.#counted().statistics();
  }

  /** Books one more file, made by `make`; gives it back when that throws or returns null. */
  addFile<T>(make: () => T): T {
    if (!this.limited) return make();
    const quota = this.#counted();
    quota.addFile();
    let made: T | null = null;
    try {
      made = make();
      return made;
    } finally {
      if (made === null) quota.removeFile();
    }
  }

  open(id: bigint, size: number): Account {
    if (!this.limited) return FREE;
    const quota = this.#counted();
    const state = this.#open.get(id) ?? { size, opens: 0, removed: false };
    this.#open.set(id, state);
    state.opens += 1;
    const settle = (now: number) => {
      quota.addBytes(now - state.size);
      state.size = now;
    };
    return {
      counts: true,
      grow: (now) => {
        if (now > state.size) settle(now);
      },
      settle,
      close: () => {
        state.opens -= 1;
        if (state.opens > 0) return;
        this.#open.delete(id);
        if (state.removed) this.#drop(state.size);
      },
    };
  }

  /** The last name of a file is gone; it counts until it is closed. */
  remove(id: bigint, size: number): void {
    if (!this.limited) return;
    const state = this.#open.get(id);
    if (state) state.removed = true;
    else this.#drop(size);
  }

  #drop(size: number): void {
    const quota = this.#counted();
    quota.addBytes(-size);
    quota.removeFile();
  }

  #counted(): Quota {
    this.#scan?.();
    this.#scan = null;
    return this.#quota;
  }
}

/** The size of every file below the folder, each counted once; 0 for directories and links. */
function measure(folder: Buffer, seen: Set<bigint>, sizes: number[]): void {
  for (const name of readdirSync(folder, { encoding: 'buffer' })) {
    const path = Buffer.concat([folder, SLASH, name]);
    const stats = lstatSync(path, { bigint: true });
    if (stats.nlink > 1n && !stats.isDirectory()) {
      if (seen.has(stats.ino)) continue;
      seen.add(stats.ino);
    }
    sizes.push(stats.isFile() ? Number(stats.size) : 0);
    if (stats.isDirectory()) measure(path, seen, sizes);
  }
}

const SLASH = Buffer.from('/');
