import type { Tree } from './tree.ts';

/** Byte range locks as fcntl(2) has them: advisory, whole per owner, split and merged by ranges. */
export interface Range {
  readonly start: bigint;
  /** Past the last byte; END for "to the end of the file". */
  readonly end: bigint;
}

export const END = 1n << 64n;

/** Length 0 means to the end of the file. */
export function range(start: bigint, length: bigint): Range {
  return { start, end: length === 0n ? END : start + length };
}

export interface Owner {
  /** Whose connection. */
  readonly session: object;
  readonly procId: number;
  readonly clientId: string;
}

export interface Lock extends Range {
  readonly owner: Owner;
  readonly exclusive: boolean;
}

/** Locks of one connection; beyond any program's need, and few enough that looking through them costs nothing. */
const LOCKS_MAX = 4096;

/** The locks on one tree, whichever connections hold them. */
export class LockTable {
  readonly #byFile = new Map<bigint, readonly Lock[]>();

  /** A lock of somebody else that stands in the way, or null. */
  conflict(file: bigint, owner: Owner, wanted: Range, exclusive: boolean): Lock | null {
    const locks = this.#byFile.get(file) ?? [];
    return (
      locks.find(
        (lock) => !sameOwner(lock.owner, owner) && overlaps(lock, wanted) && (lock.exclusive || exclusive),
      ) ?? null
    );
  }

  /**
   * Replaces what the owner had in this range; null only releases. The caller has asked for conflicts.
   * @returns false when the connection has as many locks as it may
   */
  set(file: bigint, owner: Owner, wanted: Range, exclusive: boolean | null): boolean {
    if (exclusive !== null && this.#count(owner.session) >= LOCKS_MAX) return false;
    const rest = (this.#byFile.get(file) ?? []).flatMap((lock): Lock[] => {
      if (!sameOwner(lock.owner, owner) || !overlaps(lock, wanted)) return [lock];
      const before = { ...lock, end: wanted.start };
      const after = { ...lock, start: wanted.end };
      return [before, after].filter((piece) => piece.start < piece.end);
    });
    if (exclusive !== null) merge(rest, { ...wanted, owner, exclusive });
    this.#keep(file, rest);
    return true;
  }

  /** A connection ended. */
  releaseAll(session: object): void {
    for (const [file, locks] of this.#byFile) {
      this.#keep(
        file,
        locks.filter((lock) => lock.owner.session !== session),
      );
    }
  }

  ofSession(session: object): { readonly file: bigint; readonly lock: Lock }[] {
    return [...this.#byFile].flatMap(([file, locks]) =>
      locks.filter((lock) => lock.owner.session === session).map((lock) => ({ file, lock })),
    );
  }

  #count(session: object): number {
    let count = 0;
    for (const locks of this.#byFile.values()) {
      for (const lock of locks) if (lock.owner.session === session) count += 1;
    }
    return count;
  }

  #keep(file: bigint, locks: readonly Lock[]): void {
    if (locks.length > 0) this.#byFile.set(file, locks);
    else this.#byFile.delete(file);
  }
}

const tables = new WeakMap<Tree, LockTable>();

export function locksOf(tree: Tree): LockTable {
  const known = tables.get(tree) ?? new LockTable();
  tables.set(tree, known);
  return known;
}

/** Adds a lock; those of the same owner and kind that it touches become one with it. */
function merge(locks: Lock[], added: Lock): void {
  let { start, end } = added;
  const touches = (lock: Lock) =>
    sameOwner(lock.owner, added.owner) &&
    lock.exclusive === added.exclusive &&
    lock.start <= end &&
    lock.end >= start;
  for (const lock of locks.filter(touches)) {
    if (lock.start < start) start = lock.start;
    if (lock.end > end) end = lock.end;
    locks.splice(locks.indexOf(lock), 1);
  }
  locks.push({ ...added, start, end });
}

function overlaps(a: Range, b: Range): boolean {
  return a.start < b.end && b.start < a.end;
}

function sameOwner(a: Owner, b: Owner): boolean {
  return a.session === b.session && a.procId === b.procId && a.clientId === b.clientId;
}
