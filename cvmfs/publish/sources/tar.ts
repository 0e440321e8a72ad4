import type { Xattrs } from '../../format/xattrs.ts';
import { SourceFault } from '../errors.ts';

/** One member of a tar archive. Names are byte strings, as everywhere here; libraries for tar make them Unicode. */
export interface TarMember {
  /** "" for the archive's root, else "/a/b". */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';
  /** Permission bits alone. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly mtimeNs: number;
  readonly bytes: number;
  /** Of a link; of a hard link it is a path as above. */
  readonly target: string;
  /** As st_rdev. */
  readonly device: number;
  readonly xattrs: Xattrs;
  /** What is left of it when the next member is asked for is passed over. */
  readonly body: AsyncIterable<Uint8Array>;
}

const BLOCK_BYTES = 512;
/** Of names, links and attributes that stand before a member. */
const MOST_EXTENSION_BYTES = 16 * 1024 * 1024;
const KINDS: Readonly<Record<string, TarMember['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

/**
 * Reads an archive as tar(5) describes it: ustar, with the extensions of pax (POSIX.1-2001) and of GNU for long names.
 * @throws SourceFault
 */
export async function* readTar(stream: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const bytes = new ByteStream(stream);
  const forAll = new Map<string, string>();
  let pax = new Map<string, string>();
  let longName: string | undefined;
  let longTarget: string | undefined;
  for (;;) {
    const block = await bytes.take(BLOCK_BYTES);
    // Two blocks of zeros end an archive; what is cut off without them ends too.
    if (block.length === 0 || isZero(block)) break;
    if (block.length < BLOCK_BYTES) throw new SourceFault('the tar archive is cut off');
    const header = parseHeader(block);
    const { type } = header;
    if ('LKxg'.includes(type)) {
      if (header.bytes > MOST_EXTENSION_BYTES)
        throw new SourceFault('the tar archive has a name of megabytes');
      const text = (await bytes.take(padded(header.bytes))).subarray(0, header.bytes).toString('latin1');
      if (type === 'L') longName = text.replace(/\0.*$/s, '');
      else if (type === 'K') longTarget = text.replace(/\0.*$/s, '');
      else for (const [key, value] of parsePax(text)) (type === 'g' ? forAll : pax).set(key, value);
      continue;
    }
    const records = new Map([...forAll, ...pax]);
    const name = records.get('path') ?? longName ?? header.name;
    const shown = JSON.stringify(Buffer.from(name, 'latin1').toString('utf8'));
    const kind = KINDS[type];
    if (!kind)
      throw new SourceFault(`the tar archive holds ${shown} of the type "${type}", which is not known`);
    if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.')))
      throw new SourceFault(`the tar archive holds ${shown} as a sparse file; make it without --sparse`);
    const size = wholeRecord(records, 'size') ?? header.bytes;
    const content = kind === 'file' ? size : 0;
    const body = new Body(bytes, content);
    const [seconds = header.mtime, ns = 0] = timeRecord(records.get('mtime'));
    const target = records.get('linkpath') ?? longTarget ?? header.target;
    yield {
      path: normalPath(name),
      // Old archives have directories as files whose names end so.
      kind: kind === 'file' && name.endsWith('/') ? 'directory' : kind,
      mode: header.mode & 0o7777,
      uid: wholeRecord(records, 'uid') ?? header.uid,
      gid: wholeRecord(records, 'gid') ?? header.gid,
      mtime: seconds,
      mtimeNs: ns,
      bytes: content,
      target: kind === 'hardlink' ? normalPath(target) : target,
      device: deviceNumber(header.major, header.minor),
      xattrs: xattrsOf(records),
      body: body.pieces(),
    };
    await body.finish();
    pax = new Map();
    longName = undefined;
    longTarget = undefined;
  }
  // Whether a compressed or signed stream was sound is known at its end.
  while ((await bytes.some(BLOCK_BYTES)).length > 0);
}

/** @throws SourceFault for what leads out of the archive */
export function normalPath(name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || name.includes('\0'))
    throw new SourceFault(`the archive holds the path ${JSON.stringify(name)}, which leads out of it`);
  return parts.map((part) => `/${part}`).join('');
}

function parseHeader(block: Buffer) {
  const text = (from: number, length: number) =>
    block.toString('latin1', from, from + length).replace(/\0.*$/s, '');
  let sum = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) sum += i >= 148 && i < 156 ? 0x20 : (block[i] ?? 0);
  if (sum !== number(block, 148, 8)) throw new SourceFault('it is no tar archive, or it is damaged');
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? text(345, 155) : '';
  return {
    name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    mode: number(block, 100, 8),
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    bytes: number(block, 124, 12),
    mtime: number(block, 136, 12),
    type: block.toString('latin1', 156, 157),
    target: text(157, 100),
    major: number(block, 329, 8),
    minor: number(block, 337, 8),
  };
}

/** Octal digits; or, where the first bit is set, big-endian in two's complement (GNU). */
function number(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  if (((field[0] ?? 0) & 0x80) === 0) {
    const digits = field.toString('latin1').replace(/\0.*$/s, '').trim();
    if (!/^[0-7]*$/.test(digits)) throw new SourceFault('it is no tar archive, or it is damaged');
    return digits === '' ? 0 : Number.parseInt(digits, 8);
  }
  let value = BigInt((field[0] ?? 0) & 0x7f);
  for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
  const signed = Number(BigInt.asIntN(length * 8 - 1, value));
  if (!Number.isSafeInteger(signed)) throw new SourceFault('the tar archive holds a number that cannot be');
  return signed;
}

/** "LENGTH KEY=VALUE\n", the length counting all of it. */
function parsePax(text: string): [string, string][] {
  const records: [string, string][] = [];
  for (let at = 0; at < text.length; ) {
    const match = /^(\d{1,8}) /.exec(text.slice(at, at + 10));
    const length = Number(match?.[1]);
    const record = text.slice(at + (match?.[0].length ?? 0), at + length - 1);
    const equals = record.indexOf('=');
    if (!match || equals < 1 || text[at + length - 1] !== '\n')
      throw new SourceFault('the tar archive holds a pax record that is damaged');
    records.push([record.slice(0, equals), record.slice(equals + 1)]);
    at += length;
  }
  return records;
}

function wholeRecord(records: ReadonlyMap<string, string>, key: string): number | undefined {
  const text = records.get(key);
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new SourceFault(`the tar archive says ${key} ${JSON.stringify(text)}`);
  return Number(text);
}

/** "1350244992.023960108" */
function timeRecord(text: string | undefined): [number, number] | [] {
  if (text === undefined) return [];
  const match = /^(-?)(\d{1,12})(?:\.(\d+))?$/.exec(text);
  if (!match) throw new SourceFault(`the tar archive says mtime ${JSON.stringify(text)}`);
  const seconds = Number(match[2]);
  const ns = Number((match[3] ?? '').padEnd(9, '0').slice(0, 9));
  if (match[1] === '') return [seconds, ns];
  // Before 1970; the fraction counts up within its second.
  return ns === 0 ? [-seconds, 0] : [-seconds - 1, 1_000_000_000 - ns];
}

const XATTR = 'SCHILY.xattr.';

function xattrsOf(records: ReadonlyMap<string, string>): Xattrs {
  const found = new Map<string, Uint8Array>();
  for (const [key, value] of records) {
    if (key.startsWith(XATTR)) found.set(key.slice(XATTR.length), Buffer.from(value, 'latin1'));
  }
  return found;
}

/** makedev(3) of the GNU C library. */
function deviceNumber(major: number, minor: number): number {
  return ((major & 0xfff) << 8) | (minor & 0xff) | ((minor >> 8) << 20);
}

function padded(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** The bytes of one member, and their end. */
class Body {
  readonly #bytes: ByteStream;
  readonly #padding: number;
  #left: number;

  constructor(bytes: ByteStream, length: number) {
    this.#bytes = bytes;
    this.#left = length;
    this.#padding = padded(length) - length;
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) {
      const piece = await this.#bytes.some(this.#left);
      if (piece.length === 0) throw new SourceFault('the tar archive is cut off');
      this.#left -= piece.length;
      yield piece;
    }
  }

  async finish(): Promise<void> {
    for await (const _ of this.pieces());
    await this.#bytes.take(this.#padding);
  }
}

/** A stream of pieces of any size, taken in sizes one wants. */
class ByteStream {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  /** At most so many, without waiting for more than one piece; none: the end. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#held.length === 0) {
      const next = await this.#pieces.next();
      if (next.done) return new Uint8Array(0);
      this.#held = next.value;
    }
    const piece = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(piece.length);
    return piece;
  }

  /** So many; fewer only at the end. */
  async take(count: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let left = count; left > 0; ) {
      const piece = await this.some(left);
      if (piece.length === 0) break;
      left -= piece.length;
      parts.push(piece);
    }
    return Buffer.concat(parts);
  }
}
