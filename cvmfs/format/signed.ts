import { FormatError } from './errors.ts';
import { type Algorithm, algorithmOf, type ContentHash, hashOf, parseHash } from './hashes.ts';

/** Manifest and whitelist: lines of text, "--", the hash of that text in hexadecimal, and a binary signature of the hash. */
export interface SignedText {
  /** One character per byte. */
  readonly text: string;
  readonly hash: ContentHash;
  readonly signature: Uint8Array;
}

const MOST_BYTES = 1024 * 1024;
const SEPARATOR = Buffer.from('\n--\n');
const MOST_SIGNATURE_BYTES = 2048;

/**
 * Takes one apart and recomputes its hash; who signed it is for signatures.ts to say.
 * @throws FormatError
 */
export function splitSigned(part: 'manifest' | 'whitelist', bytes: Uint8Array): SignedText {
  if (bytes.length > MOST_BYTES) throw new FormatError(part, `${bytes.length} bytes are too many`);
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = all.indexOf(SEPARATOR);
  if (at < 0) throw new FormatError(part, 'it carries no signature');
  const signed = all.subarray(0, at + 1);
  const rest = all.subarray(at + SEPARATOR.length);
  const lineEnd = rest.indexOf(0x0a);
  if (lineEnd < 0 || lineEnd > 60) throw new FormatError(part, 'the line of its hash is missing');
  const hash = parseHash(rest.toString('latin1', 0, lineEnd), part);
  if (hashOf(algorithmOf(hash), signed) !== hash)
    throw new FormatError(part, 'its text does not match its hash');
  const signature = rest.subarray(lineEnd + 1);
  if (signature.length === 0 || signature.length > MOST_SIGNATURE_BYTES) {
    throw new FormatError(part, `a signature of ${signature.length} bytes`);
  }
  return { text: signed.toString('latin1'), hash, signature };
}

/** @param sign makes the signature of the hash's text */
export function joinSigned(
  algorithm: Algorithm,
  text: string,
  sign: (hash: ContentHash) => Uint8Array,
): Buffer {
  const signed = Buffer.from(text, 'latin1');
  const hash = hashOf(algorithm, signed);
  return Buffer.concat([signed, Buffer.from(`--\n${hash}\n`), sign(hash)]);
}
