import { type KeyObject, X509Certificate } from 'node:crypto';
import { FormatError } from './errors.ts';
import { type Algorithm, type ContentHash, hashOf } from './hashes.ts';

const MOST_BYTES = 64 * 1024;

/** The X object: whose private key signs manifests. It is believed for its fingerprint alone, not for its dates. */
export interface Certificate {
  readonly publicKey: KeyObject;
  fingerprint(algorithm: Algorithm): ContentHash;
}

/** @throws FormatError unless it is one X.509 certificate in PEM with an RSA key */
export function parseCertificate(pem: Uint8Array): Certificate {
  if (pem.length > MOST_BYTES) throw new FormatError('certificate', `${pem.length} bytes are too many`);
  try {
    const certificate = new X509Certificate(pem);
    const { publicKey } = certificate;
    if (publicKey.asymmetricKeyType !== 'rsa') throw new Error('its key is not for RSA');
    return { publicKey, fingerprint: (algorithm) => hashOf(algorithm, certificate.raw) };
  } catch (cause) {
    throw new FormatError('certificate', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
