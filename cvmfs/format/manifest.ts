import { FormatError } from './errors.ts';
import { type Algorithm, algorithmOf, type ContentHash, parseHash } from './hashes.ts';
import { joinSigned, type SignedText, splitSigned } from './signed.ts';

/** `.cvmfspublished`, where a revision begins. Letters are the format's. */
export interface Manifest {
  /** C */
  readonly rootCatalog: ContentHash;
  /** B: of the SQLite file, not compressed. */
  readonly rootCatalogBytes: number | undefined;
  /** D */
  readonly ttlSeconds: number;
  /** S */
  readonly revision: number;
  /** G */
  readonly garbageCollectable: boolean;
  /** A: links `.cvmfsalt-*` exist. */
  readonly alternativeNames: boolean;
  /** N */
  readonly repository: string | undefined;
  /** X */
  readonly certificate: ContentHash | undefined;
  /** H */
  readonly history: ContentHash | undefined;
  /** T, seconds since 1970. */
  readonly publishedAt: number | undefined;
  /** M */
  readonly metainfo: ContentHash | undefined;
  /** Y: of the file `.cvmfsreflog` as it is. */
  readonly reflog: ContentHash | undefined;
}

/** MD5 of "", the root's path. */
const ROOT_PATH = 'd41d8cd98f00b204e9800998ecf8427e';

export function decodeManifest(bytes: Uint8Array): {
  readonly manifest: Manifest;
  readonly signed: SignedText;
} {
  const signed = splitSigned('manifest', bytes);
  return { manifest: parseManifest(signed.text), signed };
}

/** @throws FormatError */
export function parseManifest(text: string): Manifest {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const letter = line.slice(0, 1);
    if (letter === '') continue;
    if (fields.has(letter)) throw new FormatError('manifest', `the field ${letter} is there twice`);
    fields.set(letter, line.slice(1));
  }
  const required = (letter: string): string => {
    const value = fields.get(letter);
    if (value === undefined) throw new FormatError('manifest', `the field ${letter} is missing`);
    return value;
  };
  const hash = (letter: string) => optional(fields.get(letter), (text) => parseHash(text, 'manifest'));
  if (required('R') !== ROOT_PATH) throw new FormatError('manifest', 'its root catalog is not of the root');
  return {
    rootCatalog: parseHash(required('C'), 'manifest'),
    rootCatalogBytes: optional(fields.get('B'), whole),
    ttlSeconds: whole(required('D')),
    revision: whole(required('S')),
    garbageCollectable: yesNo(fields.get('G')),
    alternativeNames: yesNo(fields.get('A')),
    repository: optional(fields.get('N'), repositoryName),
    certificate: hash('X'),
    history: hash('H'),
    publishedAt: optional(fields.get('T'), whole),
    metainfo: hash('M'),
    reflog: hash('Y'),
  };
}

/** In the order of the reference implementation. */
export function formatManifest(manifest: Manifest): string {
  const lines: (readonly [string, string | number | undefined])[] = [
    ['C', manifest.rootCatalog],
    ['B', manifest.rootCatalogBytes],
    ['R', ROOT_PATH],
    ['D', manifest.ttlSeconds],
    ['S', manifest.revision],
    ['G', manifest.garbageCollectable ? 'yes' : 'no'],
    ['A', manifest.alternativeNames ? 'yes' : 'no'],
    ['N', manifest.repository],
    ['X', manifest.certificate],
    ['H', manifest.history],
    ['T', manifest.publishedAt],
    ['M', manifest.metainfo],
    ['Y', manifest.reflog],
  ];
  return lines.map(([letter, value]) => (value === undefined ? '' : `${letter}${value}\n`)).join('');
}

export function encodeManifest(
  manifest: Manifest,
  sign: (hash: ContentHash) => Uint8Array,
  algorithm: Algorithm = algorithmOf(manifest.rootCatalog),
): Buffer {
  return joinSigned(algorithm, formatManifest(manifest), sign);
}

/** A fully qualified repository name, as a host name is made. */
export function repositoryName(text: string): string {
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/.test(text) || text.includes('..')) {
    throw new FormatError('manifest', `${JSON.stringify(text.slice(0, 80))} is no name for a repository`);
  }
  return text;
}

function optional<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text);
}

function whole(text: string): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) {
    throw new FormatError('manifest', `${JSON.stringify(text.slice(0, 40))} is not a whole number`);
  }
  return value;
}

function yesNo(text: string | undefined): boolean {
  if (text !== undefined && text !== 'yes' && text !== 'no') {
    throw new FormatError('manifest', `${JSON.stringify(text.slice(0, 40))} is neither yes nor no`);
  }
  return text === 'yes';
}
