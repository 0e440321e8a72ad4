import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';

/**
 * What is kept of the address a host joined from: a keyed hash of its block, /24 or /48, enough to tell that two came
 * from one household or laboratory, and nothing else.
 * @returns null where the address says nothing: a proxy on this machine, or none at all
 */
export function networkHash(address: string, secret: Buffer): string | null {
  const block = addressBlock(address);
  return block === null ? null : createHmac('sha256', secret).update(block).digest('base64url').slice(0, 22);
}

/** "192.0.2" or "2001:db8:7"; null for the loopback and what is no address. */
export function addressBlock(address: string): string | null {
  const isLoopback = address === '::1' || address.replace(MAPPED, '').startsWith('127.');
  return isLoopback ? null : prefixOf(address, { bytes: 3, groups: 3 });
}

/** IPv4 written as IPv6. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

/**
 * How an address begins, in one way of writing it.
 * @param most so many bytes of an IPv4 address, so many groups of 16 bits of an IPv6 address (up to 6)
 * @returns null for what is no address
 */
export function prefixOf(
  address: string,
  most: { readonly bytes: number; readonly groups: number },
): string | null {
  const plain = address.replace(MAPPED, '').replace(/%.*$/, '');
  if (isIP(plain) === 4) return plain.split('.').slice(0, most.bytes).join('.');
  if (isIP(plain) !== 6) return null;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  // Zeros that "::" stands for; a dotted end is two groups and never among the first six.
  if (tail !== undefined) {
    const end = tail === '' ? [] : tail.split(':');
    const dotted = end.at(-1)?.includes('.') ? 1 : 0;
    while (groups.length + end.length + dotted < 8) groups.push('0');
    groups.push(...end);
  }
  return groups
    .slice(0, most.groups)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** @param hostname as URLs have it */
export function isLoopback(hostname: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
