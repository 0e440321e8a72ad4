import { FormatError, type FormatPart } from '../errors.ts';
import { type Halves, halvesOf, keyText } from '../paths.ts';

/** A value of a row. Text is a byte string. */
export type Value = null | number | bigint | string | Uint8Array;

const MOST_COLUMNS = 64;
/** Values of a gigabyte, twice and what is above: more than there is. */
const MOST_TYPE = 2 ** 31 - 1;
/** By type, up to that from which on the type says the length. */
const SHORT_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0];

/**
 * A row's columns, one row after another: varints for the header's length and each column's type, then the values
 * ("Record Format"). What it gives of bytes is only there until the next page is read.
 */
export class LoadedRow {
  readonly #part: FormatPart;
  readonly #types = new Int32Array(MOST_COLUMNS);
  readonly #offsets = new Int32Array(MOST_COLUMNS);
  readonly #varint = new Varint();
  #bytes: Buffer = Buffer.alloc(0);
  #columns = 0;

  constructor(part: FormatPart) {
    this.#part = part;
  }

  /** @throws FormatError, RangeError */
  load(bytes: Buffer, from: number, to: number): void {
    this.#bytes = bytes;
    this.#columns = 0;
    const varint = this.#varint;
    varint.read(bytes, from);
    const headerEnd = from + varint.value;
    let at = varint.end;
    let offset = headerEnd;
    while (at < headerEnd && this.#columns < MOST_COLUMNS) {
      const type = varint.read(bytes, at);
      at = varint.end;
      if (type > MOST_TYPE) throw new FormatError(this.#part, 'a row is cut off');
      this.#types[this.#columns] = type;
      this.#offsets[this.#columns] = offset;
      this.#columns++;
      offset += bytesOf(type);
      if (offset > to) throw new FormatError(this.#part, 'a row is cut off');
    }
    if (headerEnd > to || to > bytes.length) throw new FormatError(this.#part, 'a row is cut off');
  }

  /** A column that the row has not got is NULL: it was added later. */
  value(column: number): Value {
    if (column < 0 || column >= this.#columns) return null;
    const type = this.#types[column] ?? 0;
    const at = this.#offsets[column] ?? 0;
    const payload = this.#bytes;
    switch (type) {
      case 0:
        return null;
      case 1:
        return payload.readInt8(at);
      case 2:
        return payload.readInt16BE(at);
      case 3:
        return payload.readIntBE(at, 3);
      case 4:
        return payload.readInt32BE(at);
      case 5:
        return payload.readIntBE(at, 6);
      case 6: {
        const high = payload.readInt32BE(at);
        // Beyond 2^53 numbers would not be whole.
        return high >= -0x200000 && high < 0x200000
          ? high * 2 ** 32 + payload.readUInt32BE(at + 4)
          : payload.readBigInt64BE(at);
      }
      case 7:
        return payload.readDoubleBE(at);
      case 8:
        return 0;
      case 9:
        return 1;
      case 10:
      case 11:
        throw new FormatError(this.#part, 'a column is of no known type');
      default: {
        const bytes = payload.subarray(at, at + bytesOf(type));
        return type % 2 === 0 ? bytes : bytes.toString('latin1');
      }
    }
  }

  /** Of two columns that are halves of a key: as PathKey has it. @throws FormatError where they are no integers */
  keyText(first: number, second: number): string {
    if (this.#types[first] === 6 && this.#types[second] === 6 && Math.max(first, second) < this.#columns) {
      const [a, b] = [this.#offsets[first] ?? 0, this.#offsets[second] ?? 0];
      const bytes = this.#bytes;
      return keyText(
        bytes.readInt32BE(a),
        bytes.readInt32BE(a + 4),
        bytes.readInt32BE(b),
        bytes.readInt32BE(b + 4),
      );
    }
    const [a, b] = [this.#halves(first), this.#halves(second)];
    return keyText(a.high, a.low, b.high, b.low);
  }

  #halves(column: number): Halves {
    const value = this.value(column);
    if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value)))
      return halvesOf(BigInt(value));
    throw new FormatError(this.#part, 'a key is no integer');
  }

  /** How a column's integer compares with another. @throws FormatError where it is none */
  compareInteger(column: number, { high, low }: Halves): number {
    const type = column < this.#columns ? (this.#types[column] ?? 0) : 0;
    const at = this.#offsets[column] ?? 0;
    if (type !== 6) return this.#compareShort(column, type, high, low);
    const ownHigh = this.#bytes.readInt32BE(at);
    if (ownHigh !== high) return ownHigh < high ? -1 : 1;
    return compareUnsigned(this.#bytes.readInt32BE(at + 4), low);
  }

  #compareShort(column: number, type: number, high: number, low: number): number {
    const value = this.value(column);
    if (typeof value !== 'number' || type === 7)
      throw new FormatError(this.#part, 'an index holds other things');
    const ownHigh = Math.floor(value / 2 ** 32);
    if (ownHigh !== high) return ownHigh < high ? -1 : 1;
    return compareUnsigned((value - ownHigh * 2 ** 32) | 0, low);
  }

  get columns(): number {
    return this.#columns;
  }
}

/** Of two that are kept with a sign. */
function compareUnsigned(a: number, b: number): number {
  if (a === b) return 0;
  return (a ^ 0x80000000) < (b ^ 0x80000000) ? -1 : 1;
}

/** Of a value, by its type. */
function bytesOf(type: number): number {
  if (type >= 12) return (type - 12) >> 1;
  return SHORT_BYTES[type] ?? 0;
}

/** A number of one to nine bytes, and where it ends; used again and again, since there are dozens to a row. */
export class Varint {
  value = 0;
  end = 0;

  /** Big-endian, seven bits a byte, all eight of the ninth. More than 2^53 stands for "too large" as well as any. */
  read(bytes: Buffer, at: number): number {
    let byte = bytes.readUInt8(at);
    let value = byte & 127;
    let end = at + 1;
    while (byte >= 128) {
      byte = bytes.readUInt8(end++);
      if (end === at + 9) {
        value = value * 256 + byte;
        break;
      }
      value = value * 128 + (byte & 127);
    }
    this.value = value;
    this.end = end;
    return value;
  }
}
