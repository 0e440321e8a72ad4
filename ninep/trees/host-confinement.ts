import { closeSync, constants, existsSync, fstatSync, openSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkName, fail } from './common.ts';

/** Where a directory of the served folder hangs. */
export interface Place {
  readonly parent: Place | null;
  readonly name: string;
  /** Inode number: what the place must still be when it is opened again. */
  readonly inode: bigint;
}

export type HostPath = string | Buffer;

/** Gives paths that cannot lead out of the served folder, each valid until the next call (use it at once). */
export interface Confinement {
  /** Path of the entry `name`; calls on it must not follow a link in the last component. */
  entry(folder: Place, name: string): HostPath;
  /** Path of the directory itself. */
  folder(folder: Place): HostPath;
  /** Paths of two entries, for a call that takes both. */
  entries(folder: Place, name: string, other: Place, otherName: string): readonly [HostPath, HostPath];
}

/** asm-generic/fcntl.h; the same on every architecture that Node runs on. */
const O_PATH = 0o10000000;
/** Enough for the working set of a deep tree; a thousand trees still fit a process's table of descriptors. */
const HANDLES_MAX = 64;
const IDLE_MS = 2000;

export function confinement(root: string, rootInode: bigint): Confinement {
  if (process.platform === 'linux' && existsSync('/proc/self/fd')) return new HandleConfinement(root);
  return new CheckedPaths(root, rootInode);
}

/**
 * Linux: each directory is held by an O_PATH descriptor that was opened with O_NOFOLLOW relative to its parent's
 * descriptor, which is what openat(2) does; "/proc/self/fd/N/name" stands for openat(N, name). A guest that
 * swaps a directory for a link between two steps gains nothing: the descriptor stays what it was.
 *
 * Node has no openat, and no call here waits between making a path and using it, so a descriptor cannot be
 * closed and given out again in between. Descriptors unused for a while are closed; places open again by name.
 */
class HandleConfinement implements Confinement {
  readonly #root: string;
  /** Least recently used first. */
  readonly #handles = new Map<Place, number>();
  /** Not to be closed now, however many others are opened. */
  #pinned: Place | null = null;
  #usedLately = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(root: string) {
    this.#root = root;
  }

  entry(folder: Place, name: string): HostPath {
    checkName(name);
    return bytePath(`/proc/self/fd/${this.#handle(folder)}/${name}`);
  }

  folder(folder: Place): HostPath {
    return `/proc/self/fd/${this.#handle(folder)}`;
  }

  entries(folder: Place, name: string, other: Place, otherName: string): readonly [HostPath, HostPath] {
    const path = this.entry(folder, name);
    // On the way to the other, so many directories may be opened that this one's turn to be closed comes.
    this.#pinned = folder;
    try {
      return [path, this.entry(other, otherName)];
    } finally {
      this.#pinned = null;
    }
  }

  #handle(place: Place): number {
    const known = this.#handles.get(place);
    if (known !== undefined) {
      this.#handles.delete(place);
      this.#handles.set(place, known);
      this.#usedLately = true;
      return known;
    }
    // From the nearest ancestor that is open, downwards.
    const missing: Place[] = [];
    let above: Place | null = place;
    while (above && !this.#handles.has(above)) {
      missing.push(above);
      above = above.parent;
    }
    let handle = above ? this.#handle(above) : -1;
    for (const step of missing.reverse()) handle = this.#open(step, handle);
    return handle;
  }

  #open(place: Place, parent: number): number {
    const handle = place.parent
      ? openSync(
          bytePath(`/proc/self/fd/${parent}/${place.name}`),
          O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW,
        )
      : openSync(this.#root, O_PATH | constants.O_DIRECTORY);
    if (fstatSync(handle, { bigint: true }).ino !== place.inode) {
      closeSync(handle);
      fail('ESTALE', `${place.name || this.#root} is another directory now`);
    }
    this.#handles.set(place, handle);
    if (this.#handles.size > HANDLES_MAX) this.#closeOldest();
    this.#usedLately = true;
    this.#timer ??= setInterval(() => this.#closeIdle(), IDLE_MS).unref();
    return handle;
  }

  #closeOldest(): void {
    for (const [place, handle] of this.#handles) {
      if (place === this.#pinned) continue;
      this.#close(place, handle);
      return;
    }
  }

  #closeIdle(): void {
    if (this.#usedLately) {
      this.#usedLately = false;
      return;
    }
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    for (const entry of this.#handles) this.#close(...entry);
  }

  #close(place: Place, handle: number): void {
    this.#handles.delete(place);
    closeSync(handle);
  }
}

/**
 * Elsewhere: the real path of the directory must be the one its names spell, checked before every call. A link
 * put there by the guest is refused; without openat a local process that changes the folder between check and
 * use could still win, which is why guests' folders on such hosts belong to the engine's user alone.
 */
export class CheckedPaths implements Confinement {
  readonly #root: string;
  readonly #rootInode: bigint;

  constructor(root: string, rootInode: bigint) {
    this.#root = realpathSync(root);
    this.#rootInode = rootInode;
  }

  entry(folder: Place, name: string): HostPath {
    checkName(name);
    return join(this.folder(folder), portableName(name));
  }

  entries(folder: Place, name: string, other: Place, otherName: string): readonly [HostPath, HostPath] {
    return [this.entry(folder, name), this.entry(other, otherName)];
  }

  folder(folder: Place): string {
    const names: string[] = [];
    for (let place = folder; place.parent; place = place.parent) names.push(portableName(place.name));
    const path = join(this.#root, ...names.reverse());
    if (realpathSync(path) !== path) fail('ELOOP', `a link stands in the way to ${path}`);
    const inode = folder.parent ? folder.inode : this.#rootInode;
    if (statSync(path, { bigint: true }).ino !== inode) fail('ESTALE', `${path} is another directory now`);
    return path;
  }
}

/** A byte string as a path; only names beyond ASCII need the bytes spelt out. */
function bytePath(path: string): HostPath {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole ASCII range is meant
  return /^[\x01-\x7f]*$/.test(path) ? path : Buffer.from(path, 'latin1');
}

const WINDOWS_RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** The byte string as text, where the host's names are text. */
function portableName(name: string): string {
  const text = Buffer.from(name, 'latin1').toString('utf8');
  if (Buffer.from(text, 'utf8').toString('latin1') !== name)
    fail('EINVAL', 'this host takes UTF-8 names only');
  if (process.platform === 'win32') {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: Windows refuses them in names
    if (/[\x00-\x1f<>:"\\|?*]|[. ]$/.test(text) || WINDOWS_RESERVED.test(text)) {
      fail('EINVAL', `Windows has no file named ${JSON.stringify(text)}`);
    }
  }
  return text;
}
