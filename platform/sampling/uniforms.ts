import { createHash } from 'node:crypto';

/** Numbers of 53 bits in one digest. */
const PER_DIGEST = 4;

/**
 * Random numbers by name: the n-th is the same on every machine, whatever was asked for before. SHA-256 over "NAME/0", "NAME/1" and so
 * on, four numbers of each digest: the upper 53 bits of its four 64-bit words, big-endian.
 * @returns `count` numbers of [0, 1)
 */
export function uniforms(name: string, count: number): number[] {
  const numbers: number[] = [];
  for (let i = 0; numbers.length < count; i++) {
    const digest = createHash('sha256').update(`${name}/${i}`).digest();
    for (let at = 0; at < 8 * PER_DIGEST && numbers.length < count; at += 8) {
      numbers.push((digest.readUIntBE(at, 6) * 32 + (digest.readUInt8(at + 6) >>> 3)) / 2 ** 53);
    }
  }
  return numbers;
}
