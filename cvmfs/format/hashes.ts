import { createHash } from 'node:crypto';
import { FormatError, type FormatPart } from './errors.ts';

/** In the order of their numbers in a catalog's flags (bits 8 to 10). All digests have 20 bytes. */
export const ALGORITHMS = ['sha1', 'rmd160', 'shake128'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export const DIGEST_BYTES = 20;

/** A hash as the format writes it: 40 hexadecimal digits, then "-rmd160" or "-shake128"; nothing after it for SHA-1. */
export type ContentHash = string;

/** The letter after the hash in an object's path. */
export const SUFFIX = {
  file: '',
  chunk: 'P',
  catalog: 'C',
  history: 'H',
  certificate: 'X',
  metainfo: 'M',
} as const;
export type Suffix = (typeof SUFFIX)[keyof typeof SUFFIX];

const TEXT = /^[0-9a-f]{40}(-rmd160|-shake128)?$/;

/**
 * @param of what it is a part of, and what is wrong without it
 * @throws FormatError unless it is a hash in exactly the form above
 */
export function parseHash(text: string, of: FormatPart = 'hash'): ContentHash {
  if (!TEXT.test(text)) throw new FormatError(of, `${JSON.stringify(text.slice(0, 80))} is no hash`);
  return text;
}

export function algorithmOf(hash: ContentHash): Algorithm {
  if (hash.endsWith('-rmd160')) return 'rmd160';
  return hash.endsWith('-shake128') ? 'shake128' : 'sha1';
}

export function hashFromBytes(algorithm: Algorithm, bytes: Uint8Array): ContentHash {
  if (bytes.length !== DIGEST_BYTES) throw new FormatError('hash', `${bytes.length} bytes instead of 20`);
  const { buffer, byteOffset, length } = bytes;
  return withId(algorithm, Buffer.from(buffer, byteOffset, length).toString('hex'));
}

export function hashBytes(hash: ContentHash): Buffer {
  return Buffer.from(hash.slice(0, 2 * DIGEST_BYTES), 'hex');
}

export interface Hasher {
  update(data: Uint8Array): void;
  digest(): ContentHash;
}

/** Takes the hash of what comes in pieces. */
export function hasher(algorithm: Algorithm): Hasher {
  const hash = create(algorithm);
  return {
    update: (data) => void hash.update(data),
    digest: () => withId(algorithm, hash.digest('hex')),
  };
}

export function hashOf(algorithm: Algorithm, data: Uint8Array): ContentHash {
  return withId(algorithm, create(algorithm).update(data).digest('hex'));
}

/** Where an object lies below the repository's address, always with "/". */
export function objectPath(hash: ContentHash, suffix: Suffix): string {
  return `data/${hash.slice(0, 2)}/${hash.slice(2)}${suffix}`;
}

function create(algorithm: Algorithm) {
  if (algorithm === 'sha1') return createHash('sha1');
  try {
    if (algorithm === 'rmd160') return createHash('ripemd160');
    return createHash('shake128', { outputLength: DIGEST_BYTES });
  } catch (cause) {
    // Electron's BoringSSL has fewer than Node's OpenSSL.
    throw new FormatError('hash', `this program’s cryptography has no ${algorithm}`, { cause });
  }
}

function withId(algorithm: Algorithm, hex: string): ContentHash {
  return algorithm === 'sha1' ? hex : `${hex}-${algorithm}`;
}
