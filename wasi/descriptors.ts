import { ALL_RIGHTS, CONSOLE_RIGHTS, STDIN_RIGHTS, WasiError } from './abi.ts';
import { ROOT_HANDLE } from './messages.ts';

/** One open file of the program. */
export interface Descriptor {
  readonly kind: 'file' | 'directory' | 'stdin' | 'console';
  /** At the side that holds the tree; -1 for stdin and console. */
  readonly handle: number;
  /** The name of the directory that is open from the start. */
  readonly preopened: string | null;
  rights: bigint;
  inheriting: bigint;
  flags: number;
  /** null: the end, wherever that is (after appending). */
  offset: number | null;
}

export const MAX_DESCRIPTORS = 256;

/** The program's descriptors: 0 stdin (empty), 1 and 2 the console, 3 the work unit's directory as "/". */
export class Descriptors {
  readonly #open = new Map<number, Descriptor>();

  constructor() {
    const stream = { handle: -1, preopened: null, inheriting: 0n, flags: 0, offset: 0 };
    this.#open.set(0, { ...stream, kind: 'stdin', rights: STDIN_RIGHTS });
    this.#open.set(1, { ...stream, kind: 'console', rights: CONSOLE_RIGHTS });
    this.#open.set(2, { ...stream, kind: 'console', rights: CONSOLE_RIGHTS });
    this.#open.set(3, {
      kind: 'directory',
      handle: ROOT_HANDLE,
      preopened: '/',
      rights: ALL_RIGHTS,
      inheriting: ALL_RIGHTS,
      flags: 0,
      offset: 0,
    });
  }

  /** @throws WasiError BADF; NOTCAPABLE where the descriptor lacks one of the rights */
  get(fd: number, rights = 0n): Descriptor {
    const descriptor = this.#open.get(fd);
    if (!descriptor) throw new WasiError('BADF');
    if ((descriptor.rights & rights) !== rights) throw new WasiError('NOTCAPABLE');
    return descriptor;
  }

  directory(fd: number, rights: bigint): Descriptor {
    if (this.get(fd).kind !== 'directory') throw new WasiError('NOTDIR');
    return this.get(fd, rights);
  }

  file(fd: number, rights: bigint): Descriptor {
    const { kind } = this.get(fd);
    if (kind === 'directory') throw new WasiError('ISDIR');
    if (kind !== 'file') throw new WasiError('SPIPE');
    return this.get(fd, rights);
  }

  get full(): boolean {
    return this.#open.size >= MAX_DESCRIPTORS;
  }

  /** The lowest free number, as POSIX has it. */
  add(descriptor: Descriptor): number {
    let fd = 0;
    while (this.#open.has(fd)) fd++;
    this.#open.set(fd, descriptor);
    return fd;
  }

  remove(fd: number): void {
    this.#open.delete(fd);
  }

  /** Gives `from` the number `to`. */
  move(from: number, to: number): void {
    const descriptor = this.get(from);
    this.#open.delete(from);
    this.#open.set(to, descriptor);
  }
}
