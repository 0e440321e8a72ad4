import type { Halves } from '../paths.ts';
import type { Value } from './row.ts';

/** What a row is written from; 64-bit integers also in halves, which cost less than a bigint. */
export type NewValue = Value | Halves;

const MOST_COLUMNS = 64;
/** Room for what comes before a row in its cell. */
const HEAD_BYTES = 18;
const MOST_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Rows as they are stored ("Record Format"): a header with the type of each column, then the values. */
export class RecordWriter {
  readonly #types = new Int32Array(MOST_COLUMNS);
  #bytes = Buffer.allocUnsafe(4096);
  #view = viewOf(this.#bytes);

  /**
   * A row behind its length and, in a table, its number.
   * @returns the cell, there until the next; and how much of it the row is
   * @throws RangeError for a number that is not whole
   */
  encode(values: readonly NewValue[], rowid?: number): { readonly cell: Buffer; readonly rowBytes: number } {
    const end = this.#row(values);
    const rowBytes = end - HEAD_BYTES;
    const start = HEAD_BYTES - varintBytes(rowBytes) - (rowid === undefined ? 0 : varintBytes(rowid));
    const at = putVarint(this.#bytes, start, rowBytes);
    if (rowid !== undefined) putVarint(this.#bytes, at, rowid);
    return { cell: this.#bytes.subarray(start, end), rowBytes };
  }

  /** @returns where it ends */
  #row(values: readonly NewValue[]): number {
    let header = 0;
    let body = 0;
    for (let i = 0; i < values.length; i++) {
      const type = typeOf(values[i] ?? null);
      this.#types[i] = type;
      header += varintBytes(type);
      body += bodyBytes(type);
    }
    // Its own length is part of it.
    header += header + 1 < 128 ? 1 : 2;
    this.#reserve(HEAD_BYTES + header + body);
    let at = putVarint(this.#bytes, HEAD_BYTES, header);
    for (let i = 0; i < values.length; i++) at = putVarint(this.#bytes, at, this.#types[i] ?? 0);
    for (let i = 0; i < values.length; i++) {
      const type = this.#types[i] ?? 0;
      this.#put(at, type, values[i] ?? null);
      at += bodyBytes(type);
    }
    return at;
  }

  #put(at: number, type: number, value: NewValue): void {
    if (value === null) return;
    if (typeof value === 'string') this.#bytes.write(value, at, 'latin1');
    else if (value instanceof Uint8Array) this.#bytes.set(value, at);
    else if (typeof value === 'object') {
      if (type < 6) this.#putInteger(at, type, numberOf(value));
      else {
        this.#view.setInt32(at, value.high);
        this.#view.setInt32(at + 4, value.low);
      }
    } else if (type === 6) this.#view.setBigInt64(at, BigInt(value));
    else if (type < 6) this.#putInteger(at, type, Number(value));
  }

  #putInteger(at: number, type: number, value: number): void {
    const view = this.#view;
    if (type === 1) view.setInt8(at, value);
    else if (type === 2) view.setInt16(at, value);
    else if (type === 4) view.setInt32(at, value);
    else {
      // Of 24 and of 48 bits.
      const low = type === 3 ? 16 : 32;
      const high = Math.floor(value / 2 ** low);
      if (type === 3) view.setInt8(at, high);
      else view.setInt16(at, high);
      if (type === 3) view.setUint16(at + 1, value & 0xffff);
      else view.setUint32(at + 2, value - high * 2 ** low);
    }
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    this.#bytes = Buffer.allocUnsafe(2 * bytes);
    this.#view = viewOf(this.#bytes);
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** The type that takes the fewest bytes, as SQLite chooses it. Text is odd, bytes are even. */
function typeOf(value: NewValue): number {
  if (value === null) return 0;
  if (typeof value === 'string') return 13 + 2 * value.length;
  if (value instanceof Uint8Array) return 12 + 2 * value.length;
  if (typeof value === 'bigint')
    return value > MOST_SAFE || value < -MOST_SAFE ? 6 : typeOfInteger(Number(value));
  if (typeof value === 'object') return typeOfInteger(numberOf(value));
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
  return typeOfInteger(value);
}

/** Not exact beyond 2^53, and far from what has a shorter type then. */
function numberOf({ high, low }: Halves): number {
  return high * 2 ** 32 + (low >>> 0);
}

function typeOfInteger(value: number): number {
  if (value === 0 || value === 1) return 8 + value;
  const most = value < 0 ? -value - 1 : value;
  if (most < 2 ** 7) return 1;
  if (most < 2 ** 15) return 2;
  if (most < 2 ** 23) return 3;
  if (most < 2 ** 31) return 4;
  return most < 2 ** 47 ? 5 : 6;
}

const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0];

function bodyBytes(type: number): number {
  return type >= 12 ? (type - 12) >> 1 : (INTEGER_BYTES[type] ?? 0);
}

/** Of a number up to 2^53, in as few bytes as it takes: seven bits in each. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** @returns where it ends */
export function putVarint(into: Uint8Array, at: number, value: number): number {
  if (value < 128) {
    into[at] = value;
    return at + 1;
  }
  const end = at + varintBytes(value);
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    into[i] = (rest % 128) | (i === end - 1 ? 0 : 128);
    rest = Math.floor(rest / 128);
  }
  return end;
}
