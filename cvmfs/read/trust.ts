import { createPublicKey, type KeyObject } from 'node:crypto';
import { parseCertificate } from '../format/certificate.ts';
import { algorithmOf, type ContentHash } from '../format/hashes.ts';
import { decodeManifest, type Manifest } from '../format/manifest.ts';
import { isManifestSignature, isWhitelistSignature } from '../format/signatures.ts';
import { decodeWhitelist, isExpired, parseFingerprint, type Whitelist } from '../format/whitelist.ts';
import {
  CertificateBlacklisted,
  CertificateNotListed,
  ManifestUnsigned,
  RevisionBlacklisted,
  WhitelistExpired,
  WhitelistUntrusted,
  WrongRepository,
} from './errors.ts';

/** Whom a reader believes: where the chain begins. */
export interface Trust {
  readonly repository: string;
  /** One of them must have signed the whitelist. */
  readonly masterKeys: readonly KeyObject[];
  readonly blacklist: Blacklist;
}

/** What is never accepted, whoever signed it. */
export interface Blacklist {
  readonly fingerprints: ReadonlySet<ContentHash>;
  /** By repository: the first revision that may be read. */
  readonly leastRevision: ReadonlyMap<string, number>;
}

export const NO_BLACKLIST: Blacklist = { fingerprints: new Set(), leastRevision: new Map() };

/** Lines "AA:BB:…" and "<repository revision"; "#" begins a comment. @throws FormatError, Error naming the line */
export function parseBlacklist(text: string): Blacklist {
  const fingerprints = new Set<ContentHash>();
  const leastRevision = new Map<string, number>();
  for (const line of text.split('\n')) {
    const words = (line.split('#')[0] ?? '').trim();
    if (words === '') continue;
    if (!words.startsWith('<')) {
      fingerprints.add(parseFingerprint(words));
      continue;
    }
    const match = /^<\s*(\S+)\s+(\d{1,15})$/.exec(words);
    if (!match)
      throw new Error(
        `a line of the blacklist is neither a fingerprint nor "<repository revision": ${words}`,
      );
    leastRevision.set(match[1] ?? '', Number(match[2]));
  }
  return { fingerprints, leastRevision };
}

/** PEM files of master keys, one or more in a text. */
export function parseMasterKeys(pem: string): KeyObject[] {
  const blocks = pem.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g) ?? [];
  return blocks.map((block) => createPublicKey(block));
}

/**
 * @param nowSeconds null: expiry does not count, since it was believed when it had not expired
 * @throws FormatError, WhitelistUntrusted, WrongRepository, WhitelistExpired
 */
export function verifyWhitelist(bytes: Uint8Array, trust: Trust, nowSeconds: number | null): Whitelist {
  const { whitelist, signed } = decodeWhitelist(bytes);
  const isOurs = trust.masterKeys.some((key) => isWhitelistSignature(signed.hash, signed.signature, key));
  if (!isOurs || whitelist.pkcs7) throw new WhitelistUntrusted(trust.repository);
  if (whitelist.repository !== trust.repository) {
    throw new WrongRepository('whitelist', trust.repository, whitelist.repository);
  }
  if (nowSeconds !== null && isExpired(whitelist, nowSeconds)) {
    throw new WhitelistExpired(trust.repository, whitelist.expiresAt);
  }
  return whitelist;
}

/**
 * @param certificatePem the content of the object that the manifest names, whose hash has been checked
 * @throws FormatError, WrongRepository, CertificateNotListed, CertificateBlacklisted, ManifestUnsigned, RevisionBlacklisted
 */
export function verifyManifest(
  bytes: Uint8Array,
  certificatePem: Uint8Array,
  whitelist: Whitelist,
  trust: Trust,
): Manifest {
  const { manifest, signed } = decodeManifest(bytes);
  if (manifest.repository !== trust.repository) {
    throw new WrongRepository('manifest', trust.repository, manifest.repository);
  }
  const certificate = parseCertificate(certificatePem);
  for (const blacklisted of trust.blacklist.fingerprints) {
    if (certificate.fingerprint(algorithmOf(blacklisted)) === blacklisted)
      throw new CertificateBlacklisted(blacklisted);
  }
  const listed = whitelist.fingerprints.some(
    (print) => certificate.fingerprint(algorithmOf(print)) === print,
  );
  if (!listed) throw new CertificateNotListed(trust.repository);
  if (!isManifestSignature(signed.hash, signed.signature, certificate.publicKey)) {
    throw new ManifestUnsigned(trust.repository);
  }
  const least = trust.blacklist.leastRevision.get(trust.repository) ?? 0;
  if (manifest.revision < least) throw new RevisionBlacklisted(trust.repository, manifest.revision, least);
  return manifest;
}
