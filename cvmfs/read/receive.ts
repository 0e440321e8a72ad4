import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import { FormatError } from '../format/errors.ts';
import { algorithmOf, type ContentHash, hasher } from '../format/hashes.ts';
import { type Compression, decodeObject } from '../format/objects.ts';
import { ObjectCorrupt, ObjectTooLarge } from './errors.ts';

/** What is known of an object before it comes. */
export interface Wanted {
  readonly hash: ContentHash;
  readonly compression: Compression;
  /** Of the content; what is larger is not received. */
  readonly mostBytes: number;
  /** Whether it must have exactly so many. */
  readonly exact: boolean;
}

/** Up to here an object is received whole and inflated in one call, which costs a tenth of a stream. */
const SMALL_BYTES = 1024 * 1024;

/** zlib adds 5 bytes to 16 KB that cannot be compressed; other writers may be less frugal. */
export function mostStored({ compression, mostBytes }: Wanted): number {
  return compression === 'none' ? mostBytes : mostBytes + (mostBytes >> 6) + 1024;
}

/** All of a body, if it is not more than so many bytes. @throws ObjectTooLarge */
export async function collect(
  body: AsyncIterable<Uint8Array>,
  what: string,
  mostBytes: number,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new ObjectTooLarge(what, mostBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** A small object, checked. @throws ObjectCorrupt, ObjectTooLarge */
export async function receiveWhole(body: AsyncIterable<Uint8Array>, wanted: Wanted): Promise<Buffer> {
  const stored = await collect(body, `the object ${wanted.hash}`, mostStored(wanted));
  try {
    const plain = decodeObject(wanted.hash, stored, wanted.mostBytes, wanted.compression);
    checkSize(wanted, plain.length);
    return plain;
  } catch (error) {
    throw error instanceof FormatError
      ? new ObjectCorrupt(wanted.hash, error.message, { cause: error })
      : error;
  }
}

export interface Received {
  readonly bytes: number;
  /** SHA-256 of the content. */
  readonly digest: Buffer;
}

/**
 * Writes an object's content to a file while it comes. The file MUST NOT be used before this has returned: only then
 * is the hash known.
 * @throws ObjectCorrupt, ObjectTooLarge; whatever the file throws
 */
export async function receiveTo(
  file: FileHandle,
  body: AsyncIterable<Uint8Array>,
  wanted: Wanted,
): Promise<Received> {
  const digest = createHash('sha256');
  if (wanted.mostBytes <= SMALL_BYTES) {
    const plain = await receiveWhole(body, wanted);
    await file.writeFile(plain);
    return { bytes: plain.length, digest: digest.update(plain).digest() };
  }
  const taking = hasher(algorithmOf(wanted.hash));
  const hashed = hashedBody(body, taking.update, wanted);
  let bytes = 0;
  for await (const piece of wanted.compression === 'none' ? hashed : inflated(hashed, wanted.hash)) {
    bytes += piece.length;
    if (bytes > wanted.mostBytes) throw new ObjectTooLarge(`the object ${wanted.hash}`, wanted.mostBytes);
    digest.update(piece);
    await file.writeFile(piece);
  }
  if (taking.digest() !== wanted.hash) throw new ObjectCorrupt(wanted.hash, 'other bytes');
  checkSize(wanted, bytes);
  return { bytes, digest: digest.digest() };
}

async function* hashedBody(
  body: AsyncIterable<Uint8Array>,
  update: (piece: Uint8Array) => void,
  wanted: Wanted,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > mostStored(wanted)) throw new ObjectTooLarge(`the object ${wanted.hash}`, wanted.mostBytes);
    update(piece);
    yield piece;
  }
}

/** Pulls, so that no more is inflated than is taken. */
async function* inflated(stored: AsyncIterable<Uint8Array>, hash: ContentHash): AsyncGenerator<Uint8Array> {
  const inflate = createInflate();
  const source = Readable.from(stored, { objectMode: false });
  source.on('error', (error) => inflate.destroy(error));
  source.pipe(inflate);
  try {
    for await (const piece of inflate) yield piece as Buffer;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw code.startsWith('Z_') ? new ObjectCorrupt(hash, code, { cause: error }) : error;
  } finally {
    source.destroy();
  }
}

function checkSize({ hash, exact, mostBytes }: Wanted, bytes: number): void {
  if (exact && bytes !== mostBytes) throw new ObjectCorrupt(hash, `${bytes} bytes instead of ${mostBytes}`);
}
