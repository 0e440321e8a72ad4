import { NoServer } from './errors.ts';

/**
 * The answer of a server of ours to a request for several objects: for each, in the order asked for, a line with its
 * length and then its bytes as they are stored; a line "-" for what it has not.
 */
export class Unpacker {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#pieces = body[Symbol.asyncIterator]();
  }

  /** @returns null where the server has it not. @throws NoServer where the answer is none, or larger than it may be */
  async next(mostBytes: number): Promise<Buffer | null> {
    let end = this.#rest.indexOf(10);
    while (end < 0 && this.#rest.length < LINE_BYTES && (await this.#more())) end = this.#rest.indexOf(10);
    const line = this.#rest.toString('latin1', 0, Math.max(0, end));
    if (!/^(-|\d{1,9})$/.test(line)) throw new NoServer('a pack', ['it is none']);
    this.#rest = this.#rest.subarray(end + 1);
    if (line === '-') return null;
    const bytes = Number(line);
    if (bytes > mostBytes) throw new NoServer('a pack', ['an object in it is larger than it may be']);
    const parts: Buffer[] = [];
    let missing = bytes;
    for (;;) {
      const part = this.#rest.subarray(0, missing);
      parts.push(part);
      missing -= part.length;
      this.#rest = this.#rest.subarray(part.length);
      if (missing === 0) return Buffer.concat(parts);
      if (!(await this.#more())) throw new NoServer('a pack', ['it broke off']);
    }
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#pieces.next();
    if (done) return false;
    this.#rest = this.#rest.length === 0 ? Buffer.from(value) : Buffer.concat([this.#rest, value]);
    return true;
  }
}

const LINE_BYTES = 16;
