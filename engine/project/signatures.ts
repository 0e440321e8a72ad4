import { createHash, createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import type { Signed } from '../../protocol/release.ts';
import { KeyMismatch, ProjectBadAnswer } from './errors.ts';

/** DER of SubjectPublicKeyInfo for Ed25519 up to the 32 key bytes (RFC 8410, section 4). */
const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const ED25519_KEY_BYTES = 32;

/**
 * What an invitation carries of a key.
 * @param publicKey base64 of the raw 32 bytes
 * @throws KeyMismatch when these are not 32 bytes
 */
export function keyFingerprint(publicKey: string): string {
  return createHash('sha256').update(rawKey(publicKey)).digest('hex').slice(0, 32);
}

/**
 * What an invitation carries of a repository's master key.
 * @param masterKey base64 of its SubjectPublicKeyInfo in DER
 */
export function masterKeyFingerprint(masterKey: string): string {
  return createHash('sha256').update(Buffer.from(masterKey, 'base64')).digest('hex').slice(0, 32);
}

/**
 * The document inside, once its signature holds.
 * @param what for the error message, for example "release evgen 1.0"
 * @throws KeyMismatch (not signed by that key), ProjectBadAnswer (signed, but not such a document)
 */
export function openSigned<T>(signed: Signed, publicKey: string, schema: z.ZodType<T>, what: string): T {
  const key = createPublicKey({
    key: Buffer.concat([ED25519_SPKI_PREFIX, rawKey(publicKey)]),
    format: 'der',
    type: 'spki',
  });
  const body = Buffer.from(signed.body, 'utf8');
  if (!verify(null, body, key, Buffer.from(signed.signature, 'base64'))) {
    throw new KeyMismatch(
      `${what} is not signed by the project's key, so it is not used. Tell the project's staff; nothing was run`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(signed.body);
  } catch (cause) {
    throw new ProjectBadAnswer(`${what} is signed but is not JSON`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new ProjectBadAnswer(
      `${what} has a form this engine does not understand; a newer engine may be needed (${z.prettifyError(parsed.error)})`,
    );
  }
  return parsed.data;
}

function rawKey(publicKey: string): Buffer {
  const raw = Buffer.from(publicKey, 'base64');
  if (raw.length !== ED25519_KEY_BYTES) {
    throw new KeyMismatch(`the project's public key has ${raw.length} bytes, not ${ED25519_KEY_BYTES}`);
  }
  return raw;
}
