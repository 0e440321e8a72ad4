import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../platform/files.ts';
import type { Signed } from '../protocol/release.ts';

export interface ProjectKey {
  /** Base64 of the raw 32 bytes. */
  readonly publicKey: string;
  /** First 32 hexadecimal digits of their SHA-256: what an invitation carries. */
  readonly fingerprint: string;
  sign(body: string): Signed;
  /** A secret of the project's for one purpose: always the same, and it tells nothing of the key (RFC 5869). */
  derive(purpose: string): Buffer;
}

/** The project's Ed25519 key, made at first start, readable by the server's user only. */
export async function projectKey(path: string): Promise<ProjectKey> {
  let pem: string;
  try {
    pem = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const { privateKey } = generateKeyPairSync('ed25519');
    pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeFileAtomic(path, pem, 0o600);
  }
  return fromPrivateKey(readKey(pem, path));
}

function readKey(pem: string, path: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${path} is no private key; restore it from a backup`, { cause });
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`${path} is no Ed25519 key; restore it from a backup`);
  return key;
}

function fromPrivateKey(key: KeyObject): ProjectKey {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  const { d: seed = '' } = key.export({ format: 'jwk' });
  const raw = Buffer.from(x, 'base64url');
  return {
    publicKey: raw.toString('base64'),
    fingerprint: createHash('sha256').update(raw).digest('hex').slice(0, 32),
    sign: (body) => ({ body, signature: sign(null, Buffer.from(body, 'utf8'), key).toString('base64') }),
    derive: (purpose) => Buffer.from(hkdfSync('sha256', Buffer.from(seed, 'base64url'), '', purpose, 32)),
  };
}
