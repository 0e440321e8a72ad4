import { constants, type KeyObject, privateEncrypt, publicDecrypt, sign, verify } from 'node:crypto';
import type { ContentHash } from './hashes.ts';

/**
 * Two ways of signing, both over the hash as text and not over what was hashed: the certificate's key signs a manifest
 * by PKCS #1 v1.5 with a SHA-1 DigestInfo whatever the repository's hash is; a master key signs a whitelist by the bare
 * type 1 padding, without DigestInfo.
 */
export function signManifestHash(hash: ContentHash, certificateKey: KeyObject): Buffer {
  return sign('RSA-SHA1', Buffer.from(hash), certificateKey);
}

export function isManifestSignature(
  hash: ContentHash,
  signature: Uint8Array,
  certificateKey: KeyObject,
): boolean {
  try {
    return verify('RSA-SHA1', Buffer.from(hash), certificateKey, signature);
  } catch {
    return false;
  }
}

export function signWhitelistHash(hash: ContentHash, masterKey: KeyObject): Buffer {
  return privateEncrypt({ key: masterKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.from(hash));
}

export function isWhitelistSignature(
  hash: ContentHash,
  signature: Uint8Array,
  masterKey: KeyObject,
): boolean {
  try {
    const signed = publicDecrypt({ key: masterKey, padding: constants.RSA_PKCS1_PADDING }, signature);
    return signed.equals(Buffer.from(hash));
  } catch {
    return false;
  }
}
