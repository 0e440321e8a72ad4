import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder, writeFileAtomic } from '../../platform/files.ts';

const KEY_BITS = 2048;

/** The public half of the repository's master key. */
export interface MasterKey {
  /** SubjectPublicKeyInfo in DER. */
  readonly der: Buffer;
  /** First 32 hexadecimal digits of its SHA-256: what an invitation carries. */
  readonly fingerprint: string;
}

/**
 * The master key, made at first start. Its private half may be taken away at any time after: the public half, which
 * readers and invitations need, lies where the publisher keeps it.
 */
export async function masterKeyOf(privateFile: string, publicFile: string): Promise<MasterKey> {
  if (existsSync(publicFile)) return fromKey(createPublicKey(await readFile(publicFile)));
  if (!existsSync(privateFile)) {
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: KEY_BITS });
    await writeFileAtomic(privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
  const publicKey = createPublicKey(createPrivateKey(await readFile(privateFile)));
  await makeFolder(dirname(publicFile), 0o700);
  await writeFileAtomic(publicFile, publicKey.export({ type: 'spki', format: 'pem' }), 0o644);
  return fromKey(publicKey);
}

function fromKey(key: KeyObject): MasterKey {
  const der = key.export({ type: 'spki', format: 'der' });
  return { der, fingerprint: createHash('sha256').update(der).digest('hex').slice(0, 32) };
}
