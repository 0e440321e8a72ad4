import { FormatError } from './errors.ts';
import type { Algorithm, ContentHash } from './hashes.ts';
import { repositoryName } from './manifest.ts';
import { joinSigned, type SignedText, splitSigned } from './signed.ts';

/** `.cvmfswhitelist`: whose signatures under manifests count, and until when. */
export interface Whitelist {
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Seconds since 1970; only the hour counts, see isExpired(). */
  readonly expiresAt: number;
  readonly repository: string;
  /** Signed by PKCS #7 in a file beside; not supported for reading, so that it is refused and not overlooked. */
  readonly pkcs7: boolean;
  /** Hashes of certificates (DER). */
  readonly fingerprints: readonly ContentHash[];
}

const HOUR_SECONDS = 3600;

export function decodeWhitelist(bytes: Uint8Array): {
  readonly whitelist: Whitelist;
  readonly signed: SignedText;
} {
  const signed = splitSigned('whitelist', bytes);
  return { whitelist: parseWhitelist(signed.text), signed };
}

/** @throws FormatError */
export function parseWhitelist(text: string): Whitelist {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new FormatError('whitelist', 'its last line does not end');
  const [issued = '', expires = '', name = '', ...rest] = lines;
  if (!expires.startsWith('E')) throw new FormatError('whitelist', 'it does not say when it expires');
  if (!name.startsWith('N')) throw new FormatError('whitelist', 'it does not name its repository');
  const flags = rest.filter((line) => /^[VW]/.test(line));
  for (const flag of flags) {
    if (flag !== 'Vpkcs7' && flag !== 'Wcachain')
      throw new FormatError('whitelist', `unknown line ${JSON.stringify(flag.slice(0, 40))}`);
  }
  return {
    issuedAt: parseStamp(issued),
    expiresAt: parseStamp(expires.slice(1)),
    repository: repositoryName(name.slice(1)),
    pkcs7: flags.includes('Vpkcs7'),
    fingerprints: rest
      .filter((line) => !flags.includes(line))
      .map((line) => line.split(/[ \t#]/)[0] ?? '')
      .filter((line) => line !== '')
      .map(parseFingerprint),
  };
}

export function formatWhitelist(whitelist: Whitelist): string {
  return [
    formatStamp(whitelist.issuedAt),
    `E${formatStamp(whitelist.expiresAt)}`,
    `N${whitelist.repository}`,
    ...(whitelist.pkcs7 ? ['Vpkcs7'] : []),
    ...whitelist.fingerprints.map(formatFingerprint),
    '',
  ].join('\n');
}

export function encodeWhitelist(
  whitelist: Whitelist,
  sign: (hash: ContentHash) => Uint8Array,
  algorithm: Algorithm = 'sha1',
): Buffer {
  return joinSigned(algorithm, formatWhitelist(whitelist), sign);
}

/** As the reference client has it: minutes do not count, and in the hour itself it has expired. */
export function isExpired(whitelist: Whitelist, nowSeconds: number): boolean {
  return Math.floor(nowSeconds / HOUR_SECONDS) >= Math.floor(whitelist.expiresAt / HOUR_SECONDS);
}

/** "AA:BB:…", then "-RMD160" or "-SHAKE128" where it is not SHA-1. */
export function parseFingerprint(text: string): ContentHash {
  if (!/^[0-9A-F]{2}(:[0-9A-F]{2}){19}(-RMD160|-SHAKE128)?$/.test(text)) {
    throw new FormatError('whitelist', `${JSON.stringify(text.slice(0, 80))} is not a fingerprint`);
  }
  return text.replaceAll(':', '').toLowerCase();
}

export function formatFingerprint(hash: ContentHash): string {
  const pairs = hash.slice(0, 40).match(/../g) ?? [];
  return `${pairs.join(':')}${hash.slice(40)}`.toUpperCase();
}

function parseStamp(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  const [year = 0, month = 0, ...rest] = (match ?? []).slice(1).map(Number);
  const [day = 0, hour = 0, minute = 0, second = 0] = rest;
  const time = Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  // What does not come back is no date: the 31st of April.
  if (!match || !Number.isFinite(time) || formatStamp(time) !== text) {
    throw new FormatError('whitelist', `${JSON.stringify(text.slice(0, 40))} is not a time`);
  }
  return time;
}

function formatStamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replaceAll(/[-:T]|\..*/g, '');
}
