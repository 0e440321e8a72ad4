import { createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyAlgorithm, anyHash } from '../testkit/arbitraries.ts';
import { makeKeys } from '../testkit/keys.ts';
import { hasSample, SAMPLE_NAME, sampleFile, sampleMasterKey, sampleObject } from '../testkit/sample.ts';
import { parseCertificate } from './certificate.ts';
import { FormatError } from './errors.ts';
import { decodeManifest, encodeManifest, type Manifest, parseManifest } from './manifest.ts';
import { decodeObject } from './objects.ts';
import {
  isManifestSignature,
  isWhitelistSignature,
  signManifestHash,
  signWhitelistHash,
} from './signatures.ts';
import {
  decodeWhitelist,
  encodeWhitelist,
  formatFingerprint,
  isExpired,
  parseWhitelist,
  type Whitelist,
} from './whitelist.ts';

const keys = makeKeys();
const certificate = parseCertificate(Buffer.from(keys.certificatePem));

const anyManifest: fc.Arbitrary<Manifest> = fc.record({
  rootCatalog: anyHash,
  rootCatalogBytes: fc.option(fc.maxSafeNat(), { nil: undefined }),
  ttlSeconds: fc.nat(),
  revision: fc.maxSafeNat(),
  garbageCollectable: fc.boolean(),
  alternativeNames: fc.boolean(),
  repository: fc.option(fc.domain(), { nil: undefined }),
  certificate: fc.option(anyHash, { nil: undefined }),
  history: fc.option(anyHash, { nil: undefined }),
  publishedAt: fc.option(fc.nat(), { nil: undefined }),
  metainfo: fc.option(anyHash, { nil: undefined }),
  reflog: fc.option(anyHash, { nil: undefined }),
});

const time = fc.integer({ min: 0, max: 4_000_000_000 });
const anyWhitelist: fc.Arbitrary<Whitelist> = fc.record({
  issuedAt: time,
  expiresAt: time,
  repository: fc.domain(),
  pkcs7: fc.boolean(),
  fingerprints: fc.array(anyHash, { maxLength: 5 }),
});

test('manifests come back as they went, with a signature that fits', () => {
  fc.assert(
    fc.property(anyManifest, anyAlgorithm, (manifest, algorithm) => {
      const bytes = encodeManifest(
        manifest,
        (hash) => signManifestHash(hash, keys.certificateKey),
        algorithm,
      );
      const { manifest: read, signed } = decodeManifest(bytes);
      expect(read).toEqual(manifest);
      expect(isManifestSignature(signed.hash, signed.signature, certificate.publicKey)).toBe(true);
      expect(isWhitelistSignature(signed.hash, signed.signature, certificate.publicKey)).toBe(false);
    }),
    { numRuns: 30 },
  );
});

test('whitelists come back as they went, with a signature that fits', () => {
  const master = createPublicKey(keys.masterPublicPem);
  fc.assert(
    fc.property(anyWhitelist, (whitelist) => {
      const bytes = encodeWhitelist(whitelist, (hash) => signWhitelistHash(hash, keys.masterKey));
      const { whitelist: read, signed } = decodeWhitelist(bytes);
      expect(read).toEqual(whitelist);
      expect(isWhitelistSignature(signed.hash, signed.signature, master)).toBe(true);
      expect(isManifestSignature(signed.hash, signed.signature, master)).toBe(false);
    }),
    { numRuns: 30 },
  );
});

test('of a whitelist’s end only the hour counts', () => {
  const end = Date.UTC(2026, 5, 1, 12, 30) / 1000;
  const whitelist = parseWhitelist(`20260501000000\nE20260601123000\nNa.org\n`);
  expect(isExpired(whitelist, end - 1800 - 1)).toBe(false);
  expect(isExpired(whitelist, end - 1800)).toBe(true);
});

test('comments of a whitelist do not count', () => {
  const print = formatFingerprint('ab'.repeat(20));
  const text = `20260501000000\nE20260601123000\nNa.org\nWcachain\n${print} # staff\n${print}\t\n${print}-SHAKE128#x\n`;
  expect(parseWhitelist(text).fingerprints).toEqual([
    'ab'.repeat(20),
    'ab'.repeat(20),
    `${'ab'.repeat(20)}-shake128`,
  ]);
});

test.each([
  ['', 'the field R'],
  [`C${'a'.repeat(40)}\nR${'d'.repeat(32)}\nD1\nS1\n`, 'root'],
  [`C${'a'.repeat(40)}\nRd41d8cd98f00b204e9800998ecf8427e\nD-1\nS1\n`, 'whole number'],
  [`C${'a'.repeat(40)}\nRd41d8cd98f00b204e9800998ecf8427e\nD1\nS1\nS2\n`, 'twice'],
  [`C${'a'.repeat(40)}\nRd41d8cd98f00b204e9800998ecf8427e\nD1\nS1\nN../x\n`, 'no name'],
  [`C${'a'.repeat(40)}\nRd41d8cd98f00b204e9800998ecf8427e\nD1\nS99999999999999999999\n`, 'whole number'],
])('manifest %j is refused', (text, why) => {
  expect(() => parseManifest(text)).toThrow(FormatError);
  expect(() => parseManifest(text)).toThrow(why);
});

test('whichever bit of a manifest is changed, it is the manifest that is not believed', () => {
  const sound = encodeManifest(
    parseManifest(`C${'a'.repeat(40)}\nRd41d8cd98f00b204e9800998ecf8427e\nD1\nS1\n`),
    () => Buffer.from('signature'),
  );
  const signed = sound.lastIndexOf('\n') + 1;
  for (let at = 0; at < signed; at++) {
    const bad = Buffer.from(sound);
    bad[at] = (bad[at] ?? 0) ^ 1;
    expect(() => decodeManifest(bad), `byte ${at}`).toThrow('not a valid manifest');
  }
});

test.each([
  '20260431000000\nE20260601000000\nNa.org\n',
  '20260401000000\nNa.org\n',
  '20260401000000\nE20260601000000\nNa.org\nVother\n',
  '20260401000000\nE20260601000000\nNa.org\nab:cd\n',
])('whitelist %j is refused', (text) => {
  expect(() => parseWhitelist(text)).toThrow(FormatError);
});

test('any bytes are refused as such', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      for (const decode of [decodeManifest, decodeWhitelist, parseCertificate]) {
        expect(() => decode(bytes)).toThrow(FormatError);
        expect(() => decode(Buffer.concat([bytes, Buffer.from('\n--\n'), bytes]))).toThrow(FormatError);
      }
    }),
  );
});

describe.skipIf(!hasSample)('the sample (skipped where it is not here)', () => {
  test('verifies from master key to manifest', () => {
    const { whitelist, signed } = decodeWhitelist(sampleFile('.cvmfswhitelist'));
    expect(isWhitelistSignature(signed.hash, signed.signature, createPublicKey(sampleMasterKey()))).toBe(
      true,
    );
    expect(whitelist).toMatchObject({
      repository: SAMPLE_NAME,
      pkcs7: false,
      expiresAt: Date.UTC(2036, 10, 21, 2, 33, 53) / 1000,
    });

    const { manifest, signed: signedManifest } = decodeManifest(sampleFile('.cvmfspublished'));
    const hash = manifest.certificate ?? '';
    const sampled = parseCertificate(decodeObject(hash, sampleObject(hash, 'X'), 65536));
    expect(whitelist.fingerprints).toEqual([sampled.fingerprint('sha1')]);
    expect(isManifestSignature(signedManifest.hash, signedManifest.signature, sampled.publicKey)).toBe(true);
  });

  test('is written again byte for byte, but for signatures', () => {
    const bytes = sampleFile('.cvmfspublished');
    const { manifest, signed } = decodeManifest(bytes);
    expect(encodeManifest(manifest, () => signed.signature)).toEqual(bytes);
    const list = sampleFile('.cvmfswhitelist');
    const { whitelist, signed: signedList } = decodeWhitelist(list);
    expect(encodeWhitelist(whitelist, () => signedList.signature)).toEqual(list);
  });
});
