import type { OpenFile } from '../ninep/tree.ts';

/** So many are kept. */
const OPEN = 32;

interface Opened {
  readonly file: Promise<OpenFile>;
  users: number;
  /** It is not kept any more: whoever uses it last closes it. */
  dropped: boolean;
}

/** Files and listings that are kept open after they were read, for the kernel does not say when it is done. */
export class OpenFiles {
  readonly #onError: (error: unknown) => void;
  /** By node, the most recent last. */
  readonly #opened = new Map<bigint, Opened>();

  /** @param onError told what closing has thrown */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  async use<T>(id: bigint, open: () => Promise<OpenFile>, use: (file: OpenFile) => Promise<T>): Promise<T> {
    const opened = this.#opened.get(id) ?? { file: open(), users: 0, dropped: false };
    opened.users++;
    this.#opened.delete(id);
    this.#opened.set(id, opened);
    for (const [oldest] of this.#opened) if (this.#opened.size > OPEN) this.drop(oldest);
    try {
      return await use(await opened.file);
    } catch (error) {
      // What could not be opened or read is tried anew.
      if (this.#opened.get(id) === opened) this.drop(id);
      throw error;
    } finally {
      opened.users--;
      this.#closeUnused(opened);
    }
  }

  drop(id: bigint): void {
    const opened = this.#opened.get(id);
    if (!opened) return;
    this.#opened.delete(id);
    opened.dropped = true;
    this.#closeUnused(opened);
  }

  dropAll(): void {
    for (const id of [...this.#opened.keys()]) this.drop(id);
  }

  #closeUnused({ file, users, dropped }: Opened): void {
    if (!dropped || users > 0) return;
    // Whoever wanted to use it was told why it could not be opened.
    file.then(
      (open) => open.close().catch(this.#onError),
      () => {},
    );
  }
}
