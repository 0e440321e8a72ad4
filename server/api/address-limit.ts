import { prefixOf } from '../network.ts';

/** Addresses remembered; forgotten all together, which only makes us generous. */
const REMEMBERED = 50_000;

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** How often one address may do something: a bucket of tokens for each, refilled steadily. */
export class AddressLimit {
  readonly #atOnce: number;
  readonly #perSecond: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: { readonly atOnce: number; readonly perSecond: number }) {
    this.#atOnce = limit.atOnce;
    this.#perSecond = limit.perSecond;
  }

  /** Takes one. @returns 0 where it may go on; else how many seconds to wait */
  take(address: string, nowMs: number): number {
    const block = blockOf(address);
    const tokens = this.#tokens(block, nowMs);
    const isFree = tokens >= 1;
    if (this.#buckets.size >= REMEMBERED) this.#buckets.clear();
    this.#buckets.set(block, { tokens: isFree ? tokens - 1 : tokens, atMs: nowMs });
    return isFree ? 0 : this.#secondsUntilNext(tokens);
  }

  /** As take() would say, and takes nothing. */
  wait(address: string, nowMs: number): number {
    const tokens = this.#tokens(blockOf(address), nowMs);
    return tokens >= 1 ? 0 : this.#secondsUntilNext(tokens);
  }

  #tokens(block: string, nowMs: number): number {
    const bucket = this.#buckets.get(block);
    if (!bucket) return this.#atOnce;
    const gained = (Math.max(0, nowMs - bucket.atMs) / 1000) * this.#perSecond;
    return Math.min(this.#atOnce, bucket.tokens + gained);
  }

  #secondsUntilNext(tokens: number): number {
    return Math.ceil((1 - tokens) / this.#perSecond);
  }
}

/**
 * What one subscriber has: an IPv4 address, or the /64 of an IPv6 address, of which each home and each rented machine
 * has all 2^64 (RFC 6177).
 */
export function blockOf(address: string): string {
  return prefixOf(address, { bytes: 4, groups: 4 }) ?? address;
}
