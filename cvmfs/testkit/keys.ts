import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { selfSignedCertificate } from '../format/self-signed.ts';

export interface SigningKeys {
  readonly masterKey: KeyObject;
  readonly masterPublicPem: string;
  readonly certificateKey: KeyObject;
  readonly certificatePem: string;
}

/** Keys of a repository's owner, small to be quick: the format asks for no size. */
export function makeKeys(): SigningKeys {
  const master = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const own = generateKeyPairSync('rsa', { modulusLength: 1024 });
  return {
    masterKey: master.privateKey,
    masterPublicPem: master.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    certificateKey: own.privateKey,
    certificatePem: selfSignedCertificate(own.privateKey, 'test', Date.UTC(2026, 0, 1), 3650),
  };
}
