/**
 * D-Bus messages, as far as the tray needs them: little-endian, and of types only strings, booleans, unsigned 32-bit
 * numbers and variants of these (D-Bus Specification, "Message Protocol").
 *
 *     byte endian 'l' | type | flags | version 1 | uint32 body length | uint32 serial | array of (byte, variant) | pad 8 | body
 */
export const TYPE = { call: 1, answer: 2, error: 3, signal: 4 } as const;
const FIELD = {
  path: 1,
  interface: 2,
  member: 3,
  error: 4,
  replyTo: 5,
  destination: 6,
  sender: 7,
  signature: 8,
};

export interface Message {
  readonly type: number;
  readonly serial: number;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly destination?: string;
  readonly sender?: string;
  readonly replyTo?: number;
  /** Types of the body, one letter each: s, u, b, or v (a boolean in a variant). */
  readonly signature?: string;
  readonly body?: readonly (string | number | boolean)[];
}

/** No message to us is nearly so long; a longer one is garbage. */
const MAX_BYTES = 1 << 20;
const HEAD_BYTES = 16;

class Writer {
  #bytes: number[] = [];
  get length(): number {
    return this.#bytes.length;
  }
  align(to: number): void {
    while (this.#bytes.length % to !== 0) this.#bytes.push(0);
  }
  byte(value: number): void {
    this.#bytes.push(value);
  }
  u32(value: number): void {
    this.align(4);
    for (const shift of [0, 8, 16, 24]) this.#bytes.push((value >>> shift) & 255);
  }
  string(value: string): void {
    const text = Buffer.from(value);
    this.u32(text.length);
    this.#bytes.push(...text, 0);
  }
  signature(value: string): void {
    this.#bytes.push(value.length, ...Buffer.from(value), 0);
  }
  bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

export function encode(message: Message): Buffer {
  const body = new Writer();
  const values = message.body ?? [];
  [...(message.signature ?? '')].forEach((type, i) => {
    put(body, type, values[i] ?? '');
  });
  const fields = new Writer();
  const field = (code: number, type: 's' | 'o' | 'g' | 'u', value: string | number | undefined) => {
    if (value === undefined) return;
    fields.align(8);
    fields.byte(code);
    fields.signature(type);
    if (typeof value === 'number') fields.u32(value);
    else if (type === 'g') fields.signature(value);
    else fields.string(value);
  };
  field(FIELD.path, 'o', message.path);
  field(FIELD.interface, 's', message.interface);
  field(FIELD.member, 's', message.member);
  field(FIELD.replyTo, 'u', message.replyTo);
  field(FIELD.destination, 's', message.destination);
  field(FIELD.signature, 'g', message.signature);
  const head = new Writer();
  for (const byte of ['l'.charCodeAt(0), message.type, 0, 1]) head.byte(byte);
  head.u32(body.length);
  head.u32(message.serial);
  head.u32(fields.length);
  const padded = Buffer.alloc(Math.ceil(fields.length / 8) * 8);
  fields.bytes().copy(padded);
  return Buffer.concat([head.bytes(), padded, body.bytes()]);
}

function put(writer: Writer, type: string, value: string | number | boolean): void {
  if (type === 's') writer.string(String(value));
  else if (type === 'u' || type === 'b') writer.u32(Number(value));
  else if (type === 'v') {
    writer.signature('b');
    writer.u32(Number(value));
  } else throw new Error(`this D-Bus codec has no type ${type}`);
}

/** The first message of a stream, or null where it is not whole yet. @throws Error where it is none */
export function decode(data: Buffer): { message: Message; bytes: number } | null {
  if (data.length < HEAD_BYTES) return null;
  if (data[0] !== 'l'.charCodeAt(0)) throw new Error('a D-Bus message of another byte order');
  const fieldBytes = data.readUInt32LE(12);
  const bodyAt = HEAD_BYTES + Math.ceil(fieldBytes / 8) * 8;
  const bytes = bodyAt + data.readUInt32LE(4);
  if (bytes > MAX_BYTES) throw new Error('a D-Bus message that is too long');
  if (data.length < bytes) return null;
  const found: Record<number, string | number> = {};
  let at = HEAD_BYTES;
  while (at < HEAD_BYTES + fieldBytes) {
    at = Math.ceil(at / 8) * 8;
    const code = data[at] ?? 0;
    const type = String.fromCharCode(data[at + 2] ?? 0);
    const [value, next] = take(data, type, at + 4);
    found[code] = value;
    at = next;
  }
  const signature = String(found[FIELD.signature] ?? '');
  const text = (code: number) => (typeof found[code] === 'string' ? { value: found[code] } : null);
  const body: (string | number | boolean)[] = [];
  // A body that begins with other types is not for us; what was read until there is enough.
  for (let i = 0, from = bodyAt; i < signature.length && 'subog'.includes(signature[i] ?? ''); i++) {
    const [value, next] = take(data, signature[i] ?? '', from);
    body.push(signature[i] === 'b' ? value === 1 : value);
    from = next;
  }
  const replyTo = found[FIELD.replyTo];
  const message: Message = {
    type: data[1] ?? 0,
    serial: data.readUInt32LE(8),
    ...named('path', text(FIELD.path)),
    ...named('interface', text(FIELD.interface)),
    ...named('member', text(FIELD.member)),
    ...named('destination', text(FIELD.destination)),
    ...named('sender', text(FIELD.sender)),
    ...(typeof replyTo === 'number' ? { replyTo } : {}),
    signature,
    body,
  };
  return { message, bytes };
}

function named(name: string, found: { value: string | number | undefined } | null) {
  return found ? { [name]: String(found.value) } : {};
}

/** One value at a place, and where the next may begin. */
function take(data: Buffer, type: string, from: number): [string | number, number] {
  if (type === 'g') {
    const length = data[from] ?? 0;
    return [data.toString('utf8', from + 1, from + 1 + length), from + length + 2];
  }
  const at = Math.ceil(from / 4) * 4;
  const value = data.readUInt32LE(at);
  if (type === 'u' || type === 'b') return [value, at + 4];
  if (type === 's' || type === 'o') return [data.toString('utf8', at + 4, at + 4 + value), at + 5 + value];
  throw new Error(`a D-Bus value of type ${type} is not expected here`);
}
