import { createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';

/**
 * A self-signed X.509 certificate in PEM for an RSA key. Node reads certificates and does not make them; this is the
 * least of RFC 5280 that OpenSSL accepts: version 1, one common name, no extensions.
 */
export function selfSignedCertificate(
  key: KeyObject,
  commonName: string,
  fromMs: number,
  days: number,
): string {
  const name = sequence(set(sequence(OID_COMMON_NAME, der(0x0c, Buffer.from(commonName, 'utf8')))));
  const serial = randomBytes(16);
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0);
  const body = sequence(
    der(0x02, serial),
    SHA256_WITH_RSA,
    name,
    sequence(time(fromMs), time(fromMs + days * 86_400_000)),
    name,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
  );
  const signature = Buffer.concat([Buffer.of(0), sign('sha256', body, key)]);
  const certificate = sequence(body, SHA256_WITH_RSA, der(0x03, signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** Tag, length, value (X.690). */
function der(tag: number, value: Uint8Array): Buffer {
  const { length } = value;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), value]);
}

function sequence(...parts: Uint8Array[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(...parts: Uint8Array[]): Buffer {
  return der(0x31, Buffer.concat(parts));
}

/** GeneralizedTime is for 2050 and later only, says RFC 5280. */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\..*/g, '');
  return Number(text.slice(0, 4)) < 2050
    ? der(0x17, Buffer.from(`${text.slice(2)}Z`))
    : der(0x18, Buffer.from(`${text}Z`));
}

/** 2.5.4.3 */
const OID_COMMON_NAME = der(0x06, Buffer.of(0x55, 0x04, 0x03));
/** 1.2.840.113549.1.1.11, no parameters. */
const SHA256_WITH_RSA = sequence(
  der(0x06, Buffer.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b)),
  der(0x05, Buffer.alloc(0)),
);
