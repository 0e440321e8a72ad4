import { FormatError, type FormatPart } from '../errors.ts';

/** A value of a row. Text is a byte string. */
export type Value = null | number | bigint | string | Uint8Array;

const MOST_COLUMNS = 64;

/**
 * A row's columns, one row after another: varints for the header's length and each column's type, then the values
 * ("Record Format"). What it gives of bytes is only there until the next page is read.
 */
export class LoadedRow {
  readonly #part: FormatPart;
  readonly #types = new Float64Array(MOST_COLUMNS);
  readonly #offsets = new Float64Array(MOST_COLUMNS);
  #payload: Buffer = Buffer.alloc(0);
  #columns = 0;

  constructor(part: FormatPart) {
    this.#part = part;
  }

  /** @throws FormatError, RangeError */
  load(payload: Buffer): void {
    this.#payload = payload;
    this.#columns = 0;
    const header = varint(payload, 0);
    const headerEnd = header.value;
    let at = header.end;
    let offset = headerEnd;
    while (at < headerEnd && this.#columns < MOST_COLUMNS) {
      let type = payload.readUInt8(at++);
      if (type >= 128) {
        const long = varint(payload, at - 1);
        type = long.value;
        at = long.end;
      }
      this.#types[this.#columns] = type;
      this.#offsets[this.#columns] = offset;
      this.#columns++;
      offset += bytesOf(type);
    }
    if (offset > payload.length || headerEnd > payload.length) throw this.#cut();
  }

  /** A column that the row has not got is NULL: it was added later. */
  value(column: number): Value {
    if (column < 0 || column >= this.#columns) return null;
    const type = this.#types[column] ?? 0;
    const at = this.#offsets[column] ?? 0;
    const payload = this.#payload;
    switch (type) {
      case 0:
        return null;
      case 1:
      case 2:
      case 3:
      case 4:
        return payload.readIntBE(at, type);
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

  /** How a column's integer compares with a 64-bit one in two halves. @throws FormatError where it is none */
  compareInteger(column: number, high: number, low: number): number {
    const type = column < this.#columns ? (this.#types[column] ?? 0) : 0;
    const at = this.#offsets[column] ?? 0;
    let ownHigh: number;
    let ownLow: number;
    if (type === 6) {
      ownHigh = this.#payload.readInt32BE(at);
      ownLow = this.#payload.readUInt32BE(at + 4);
    } else {
      const value = this.value(column);
      if (typeof value !== 'number' || type === 7)
        throw new FormatError(this.#part, 'an index holds other things');
      ownHigh = Math.floor(value / 2 ** 32);
      ownLow = value - ownHigh * 2 ** 32;
    }
    return ownHigh - high || ownLow - low;
  }

  get columns(): number {
    return this.#columns;
  }

  #cut(): FormatError {
    return new FormatError(this.#part, 'a row is cut off');
  }
}

/** Of a value, by its type. */
function bytesOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][type] ?? 0;
}

/** Big-endian, seven bits a byte, all eight of the ninth. More than 2^53 stands for "too large" as well as any. */
export function varint(bytes: Buffer, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes.readUInt8(at + i);
    value = value * 128 + (byte & 127);
    if (byte < 128) return { value, end: at + i + 1 };
  }
  return { value: value * 256 + bytes.readUInt8(at + 8), end: at + 9 };
}
