import { FormatError } from './errors.ts';

/** Extended attributes of an entry: names (one character per byte) and values. */
export type Xattrs = ReadonlyMap<string, Uint8Array>;

const VERSION = 1;
const MOST = 255;

/** u8 version, u8 count, then for each: u8 key length, u8 value length, key, value. @throws FormatError */
export function decodeXattrs(blob: Uint8Array): Xattrs {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.length);
  if (bytes.length < 2) throw new FormatError('xattr', 'it is cut off');
  if (bytes.readUInt8(0) !== VERSION) throw new FormatError('xattr', `version ${bytes.readUInt8(0)}`);
  const found = new Map<string, Uint8Array>();
  let at = 2;
  for (let left = bytes.readUInt8(1); left > 0; left--) {
    if (at + 2 > bytes.length) throw new FormatError('xattr', 'it is cut off');
    const keyEnd = at + 2 + bytes.readUInt8(at);
    const valueEnd = keyEnd + bytes.readUInt8(at + 1);
    if (valueEnd > bytes.length) throw new FormatError('xattr', 'it is cut off');
    const key = bytes.toString('latin1', at + 2, keyEnd);
    if (key === '' || key.includes('\0')) throw new FormatError('xattr', 'a name is empty or holds NUL');
    if (found.has(key)) throw new FormatError('xattr', `${JSON.stringify(key)} is there twice`);
    found.set(key, Uint8Array.from(bytes.subarray(keyEnd, valueEnd)));
    at = valueEnd;
  }
  if (at !== bytes.length) throw new FormatError('xattr', 'more follows after its end');
  return found;
}

/** @returns null for none, as a catalog stores it. @throws FormatError for what does not fit */
export function encodeXattrs(xattrs: Xattrs): Buffer | null {
  if (xattrs.size === 0) return null;
  if (xattrs.size > MOST) throw new FormatError('xattr', `${xattrs.size} of them`);
  const pieces: Uint8Array[] = [Buffer.of(VERSION, xattrs.size)];
  for (const [key, value] of [...xattrs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (key === '' || key.includes('\0')) throw new FormatError('xattr', 'a name is empty or holds NUL');
    if (key.length > MOST || value.length > MOST)
      throw new FormatError('xattr', `${JSON.stringify(key)} is too long`);
    pieces.push(Buffer.of(key.length, value.length), Buffer.from(key, 'latin1'), value);
  }
  return Buffer.concat(pieces);
}
