import { HEADER_BYTES } from './defs.ts';
import {
  type FieldKind,
  type FieldTypes,
  MESSAGES,
  type Message,
  type MessageName,
  type Qid,
} from './messages.ts';

/** The bytes are not the message they claim to be. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
}

/** The message type is none of the table. */
export class UnknownMessageError extends CodecError {}

export interface Header {
  /** Of the whole message, these bytes included. */
  readonly size: number;
  readonly type: number;
  readonly tag: number;
}

/** size[4] type[1] tag[2]; the caller has at least HEADER_BYTES. */
export function decodeHeader(bytes: Uint8Array): Header {
  const buffer = asBuffer(bytes);
  return { size: buffer.readUInt32LE(0), type: buffer.readUInt8(4), tag: buffer.readUInt16LE(5) };
}

/** The tag alone, of a message that has at least its header. */
export function decodeTag(bytes: Uint8Array): number {
  return asBuffer(bytes).readUInt16LE(5);
}

/**
 * One whole message, header included. `data` fields are views of it.
 * @throws CodecError when a length or count does not fit, or bytes are left over
 */
export function decode(frame: Uint8Array): { tag: number; message: Message } {
  if (frame.length < HEADER_BYTES) throw new CodecError(`${frame.length} bytes are no message`);
  const { size, type, tag } = decodeHeader(frame);
  if (size !== frame.length) throw new CodecError(`size ${size} in a message of ${frame.length} bytes`);
  const layout = BY_TYPE[type];
  if (!layout) throw new UnknownMessageError(`message type ${type}`);
  const reader = new Reader(frame, HEADER_BYTES);
  const message: Record<string, unknown> = { name: layout.name };
  for (let i = 0; i < layout.fields.length; i++) {
    const { name, read } = layout.fields[i] as Field;
    message[name] = read(reader);
  }
  reader.end();
  return { tag, message: message as unknown as Message };
}

/** Data up to this size is copied behind its head: cheaper than handing the system two pieces. */
const COPIED_BYTES = 16384;

/**
 * The message in one piece, or in two when it ends in much data: that is handed on, not copied.
 * @throws CodecError when a value does not fit its field
 */
export function encode(tag: number, message: Message): [Buffer] | [Buffer, Uint8Array] {
  const { type, fields } = BY_NAME[message.name];
  const values = message as unknown as Readonly<Record<string, FieldTypes[FieldKind]>>;
  let length = HEADER_BYTES;
  let data: Uint8Array | null = null;
  for (let i = 0; i < fields.length; i++) {
    const { name, kind, fixedBytes } = fields[i] as Field;
    if (kind === 'data') data = values[name] as Uint8Array;
    length += fixedBytes > 0 ? fixedBytes : sizeOf(kind, values[name]);
  }
  const whole = length + (data?.length ?? 0);
  const isCopied = data !== null && data.length <= COPIED_BYTES;
  const writer = new Writer(isCopied ? whole : length);
  writer.u32(whole);
  writer.u8(type);
  writer.u16(tag);
  for (let i = 0; i < fields.length; i++) {
    const { name, write } = fields[i] as Field;
    write(writer, values[name] as never);
  }
  if (!data) return [writer.bytes];
  if (!isCopied) return [writer.bytes, data];
  writer.bytes.set(data, length);
  return [writer.bytes];
}

/** Checked reading of little-endian fields. */
export class Reader {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = asBuffer(bytes);
    this.#offset = offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  u64(): bigint {
    const at = this.#take(8);
    const low = this.#bytes.readUInt32LE(at);
    const high = this.#bytes.readUInt32LE(at + 4);
    return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
  }

  string(): string {
    const length = this.u16();
    const from = this.#take(length);
    return this.#bytes.toString('latin1', from, from + length);
  }

  qid(): Qid {
    return { type: this.u8(), version: this.u32(), path: this.u64() };
  }

  data(): Uint8Array {
    const length = this.u32();
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** @param itemBytes the least an item takes: a count that cannot fit is refused before anything is made */
  many<T>(itemBytes: number, item: () => T): T[] {
    const count = this.u16();
    if (count * itemBytes > this.remaining) throw new CodecError(`${count} items in ${this.remaining} bytes`);
    const items: T[] = [];
    while (items.length < count) items.push(item());
    return items;
  }

  end(): void {
    if (this.remaining > 0) throw new CodecError(`${this.remaining} bytes too many`);
  }

  #take(count: number): number {
    if (count > this.remaining) throw new CodecError(`${count} bytes wanted, ${this.remaining} left`);
    const at = this.#offset;
    this.#offset += count;
    return at;
  }
}

/** One 64-bit number as the machine has it: every machine that Node runs on and we support is little-endian. */
const WIDE = new BigUint64Array(1);
const WIDE_BYTES = new Uint8Array(WIDE.buffer);

/** Little-endian fields into a buffer of the right size; values that do not fit are refused, never cut. */
export class Writer {
  readonly bytes: Buffer;
  #offset = 0;

  constructor(length: number) {
    this.bytes = Buffer.allocUnsafe(length);
  }

  u8(value: number): void {
    this.bytes.writeUInt8(checked(value, 0xff), this.#advance(1));
  }

  u16(value: number): void {
    this.bytes.writeUInt16LE(checked(value, 0xffff), this.#advance(2));
  }

  u32(value: number): void {
    this.bytes.writeUInt32LE(checked(value, 0xffffffff), this.#advance(4));
  }

  u64(value: bigint): void {
    WIDE[0] = value;
    if (WIDE[0] !== value) throw new CodecError(`${value} does not fit 64 bits`);
    this.bytes.set(WIDE_BYTES, this.#advance(8));
  }

  string(value: string): void {
    // "latin1" would cut what is more than a byte.
    if (!BYTES.test(value)) throw new CodecError('a string of more than bytes');
    this.u16(value.length);
    this.bytes.write(value, this.#advance(value.length), 'latin1');
  }

  qid(value: Qid): void {
    this.u8(value.type);
    this.u32(value.version);
    this.u64(value.path);
  }

  #advance(count: number): number {
    const at = this.#offset;
    this.#offset += count;
    return at;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: every byte is meant
const BYTES = /^[\x00-\xff]*$/;

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function checked(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) throw new CodecError(`${value} does not fit`);
  return value;
}

const QID_BYTES = 13;

const READ: { readonly [K in FieldKind]: (reader: Reader) => FieldTypes[K] } = {
  u8: (reader) => reader.u8(),
  u16: (reader) => reader.u16(),
  u32: (reader) => reader.u32(),
  u64: (reader) => reader.u64(),
  string: (reader) => reader.string(),
  qid: (reader) => reader.qid(),
  data: (reader) => reader.data(),
  strings: (reader) => reader.many(2, () => reader.string()),
  qids: (reader) => reader.many(QID_BYTES, () => reader.qid()),
};

const WRITE: { readonly [K in FieldKind]: (writer: Writer, value: FieldTypes[K]) => void } = {
  u8: (writer, value) => writer.u8(value),
  u16: (writer, value) => writer.u16(value),
  u32: (writer, value) => writer.u32(value),
  u64: (writer, value) => writer.u64(value),
  string: (writer, value) => writer.string(value),
  qid: (writer, value) => writer.qid(value),
  data: (writer, value) => writer.u32(value.length),
  strings: (writer, value) => {
    writer.u16(value.length);
    for (const one of value) writer.string(one);
  },
  qids: (writer, value) => {
    writer.u16(value.length);
    for (const one of value) writer.qid(one);
  },
};

/** Of data only its count; 0 for what differs in length. */
const FIXED_BYTES: Readonly<Record<FieldKind, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  qid: QID_BYTES,
  data: 4,
  string: 0,
  strings: 0,
  qids: 0,
};

/** Bytes of a field that differs in length. */
function sizeOf(kind: FieldKind, value: unknown): number {
  if (kind === 'string') return 2 + (value as string).length;
  if (kind === 'qids') return 2 + QID_BYTES * (value as readonly Qid[]).length;
  return (value as readonly string[]).reduce((sum, one) => sum + 2 + one.length, 2);
}

interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly fixedBytes: number;
  readonly read: (reader: Reader) => unknown;
  readonly write: (writer: Writer, value: never) => void;
}

interface Layout {
  readonly name: MessageName;
  readonly type: number;
  readonly fields: readonly Field[];
}

const LAYOUTS = Object.entries(MESSAGES).map(
  ([message, { type, fields }]): Layout => ({
    name: message as MessageName,
    type,
    fields: (Object.entries(fields) as [string, FieldKind][]).map(([name, kind]) => ({
      name,
      kind,
      fixedBytes: FIXED_BYTES[kind],
      read: READ[kind],
      write: WRITE[kind],
    })),
  }),
);
const BY_NAME = Object.fromEntries(LAYOUTS.map((layout) => [layout.name, layout])) as Record<
  MessageName,
  Layout
>;
const BY_TYPE: (Layout | undefined)[] = [];
for (const layout of LAYOUTS) BY_TYPE[layout.type] = layout;
