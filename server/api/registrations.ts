/** As many computers as one address may bring at once: a class room, a venue, a cluster. */
const AT_ONCE = 1500;
/** And so many more with time. */
const PER_SECOND = 1;
/** Addresses remembered; forgotten all together, which only makes us generous. */
const REMEMBERED = 50_000;

/**
 * Keeps one address from filling the store with hosts, since joining needs no account: a bucket of tokens for each
 * address, refilled steadily.
 */
export class Registrations {
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  /** @returns 0 where a registration may go on; else how many seconds to wait */
  take(address: string, nowMs: number): number {
    const bucket = this.#buckets.get(address) ?? { tokens: AT_ONCE, atMs: nowMs };
    const gained = (Math.max(0, nowMs - bucket.atMs) / 1000) * PER_SECOND;
    const tokens = Math.min(AT_ONCE, bucket.tokens + gained);
    const isFree = tokens >= 1;
    if (this.#buckets.size >= REMEMBERED) this.#buckets.clear();
    this.#buckets.set(address, { tokens: isFree ? tokens - 1 : tokens, atMs: nowMs });
    return isFree ? 0 : Math.ceil((1 - tokens) / PER_SECOND);
  }
}
