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
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  return { size: view.getUint32(0, true), type: view.getUint8(4), tag: view.getUint16(5, true) };
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
  for (const [field, kind] of layout.fields) message[field] = READ[kind](reader);
  reader.end();
  return { tag, message: message as unknown as Message };
}

/**
 * The message in one piece, or in two when it ends in data: that is handed on, not copied.
 * @throws CodecError when a value does not fit its field
 */
export function encode(tag: number, message: Message): [Uint8Array] | [Uint8Array, Uint8Array] {
  const layout = BY_NAME[message.name];
  const values = message as unknown as Readonly<Record<string, FieldTypes[FieldKind]>>;
  let length = HEADER_BYTES;
  let data: Uint8Array | null = null;
  for (const [field, kind] of layout.fields) {
    const value = values[field];
    if (value instanceof Uint8Array) data = value;
    length += sizeOf(kind, value);
  }
  const head = new Writer(length);
  head.u32(length + (data?.length ?? 0));
  head.u8(layout.type);
  head.u16(tag);
  for (const [field, kind] of layout.fields) WRITE[kind](head, values[field] as never);
  return data && data.length > 0 ? [head.bytes, data] : [head.bytes];
}

/** Checked reading of little-endian fields. */
export class Reader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
  }

  get remaining(): number {
    return this.#view.byteLength - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
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
    return Array.from({ length: count }, item);
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

/** Little-endian fields into a buffer of the right size; values that do not fit are refused, never cut. */
export class Writer {
  readonly bytes: Buffer;
  readonly #view: DataView;
  #offset = 0;

  constructor(length: number) {
    this.bytes = Buffer.allocUnsafe(length);
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, length);
  }

  u8(value: number): void {
    this.#view.setUint8(this.#advance(1), checked(value, 0xff));
  }

  u16(value: number): void {
    this.#view.setUint16(this.#advance(2), checked(value, 0xffff), true);
  }

  u32(value: number): void {
    this.#view.setUint32(this.#advance(4), checked(value, 0xffffffff), true);
  }

  u64(value: bigint): void {
    if (value < 0n || value > 0xffffffffffffffffn) throw new CodecError(`${value} does not fit 64 bits`);
    this.#view.setBigUint64(this.#advance(8), value, true);
  }

  string(value: string): void {
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

const FIXED_BYTES: Partial<Record<FieldKind, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  qid: QID_BYTES,
  data: 4,
};

/** Bytes of a field in the head: of data only its count. */
function sizeOf(kind: FieldKind, value: unknown): number {
  const fixed = FIXED_BYTES[kind];
  if (fixed !== undefined) return fixed;
  if (kind === 'string') return 2 + (value as string).length;
  if (kind === 'qids') return 2 + QID_BYTES * (value as readonly Qid[]).length;
  return (value as readonly string[]).reduce((sum, one) => sum + 2 + one.length, 2);
}

interface Layout {
  readonly name: MessageName;
  readonly type: number;
  readonly fields: readonly (readonly [string, FieldKind])[];
}

const LAYOUTS = Object.entries(MESSAGES).map(
  ([name, { type, fields }]): Layout => ({
    name: name as MessageName,
    type,
    fields: Object.entries(fields) as [string, FieldKind][],
  }),
);
const BY_NAME = Object.fromEntries(LAYOUTS.map((layout) => [layout.name, layout])) as Record<
  MessageName,
  Layout
>;
const BY_TYPE: (Layout | undefined)[] = [];
for (const layout of LAYOUTS) BY_TYPE[layout.type] = layout;
