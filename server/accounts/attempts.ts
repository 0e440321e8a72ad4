import { createHmac } from 'node:crypto';
import type { Database } from '../store/database.ts';

/** So many at once, then so many a second. */
export interface Limit {
  readonly atOnce: number;
  readonly perSecond: number;
}

/** A class room signs up behind one address. */
export const SIGN_UPS: Limit = { atOnce: 60, perSecond: 1 / 60 };
/** Of one address, for whatever account. */
export const SIGN_INS: Limit = { atOnce: 60, perSecond: 1 / 10 };
/** Of one address for one account: 10 guesses, then 1440 a day. */
export const GUESSES: Limit = { atOnce: 10, perSecond: 1 / 60 };
/** For one account, from wherever: a botnet has 8640 guesses a day. Passkeys are not counted. */
export const GUESSES_OF_ALL: Limit = { atOnce: 100, perSecond: 1 / 10 };
/** Of one host: codes that attach it. */
export const CODES: Limit = { atOnce: 20, perSecond: 1 / 30 };

/** Rows this old are full buckets under every limit here. */
const FORGET_AFTER_MS = 2 * 86_400_000;

/** $1 key, $2 at once, $3 per second, $4 now. One statement: of two servers at once, each sees what the other took. */
const TAKE = `
  INSERT INTO attempt AS had (key, tokens, granted, at) VALUES ($1, $2::float8 - 1, true, $4)
  ON CONFLICT (key) DO UPDATE SET
    granted = now_has.tokens >= 1,
    tokens = CASE WHEN now_has.tokens >= 1 THEN now_has.tokens - 1 ELSE now_has.tokens END,
    at = $4`;

/** What the bucket has by now. ON CONFLICT has no FROM, so it stands where it is used. */
const NOW_HAS = `least($2::float8, had.tokens + $3::float8 * greatest(0, extract(epoch FROM $4::timestamptz - had.at)))`;

/** How often something may be tried, for all servers of a store together. */
export class Attempts {
  readonly #db: Database;
  readonly #secret: Buffer;

  /** @param secret of the project's: keys are kept as hashes, and tell nobody which address tried what */
  constructor(db: Database, secret: Buffer) {
    this.#db = db;
    this.#secret = secret;
  }

  /** Takes one of each. @returns 0 where it may go on; else how many seconds to wait */
  async take(
    what: readonly (readonly [kind: string, of: string, limit: Limit])[],
    now: Date,
  ): Promise<number> {
    let wait = 0;
    for (const [kind, of, { atOnce, perSecond }] of what) {
      const [row] = await this.#db.transaction((tx) =>
        tx.query<{ granted: boolean; tokens: number }>(
          `${TAKE.replaceAll('now_has.tokens', NOW_HAS)} RETURNING granted, tokens`,
          [this.#key(kind, of), atOnce, perSecond, now.toISOString()],
        ),
      );
      if (row && !row.granted) wait = Math.max(wait, Math.ceil((1 - row.tokens) / perSecond));
    }
    return wait;
  }

  /** Gives back what was taken where nothing was guessed. */
  async forgive(what: readonly (readonly [kind: string, of: string])[]): Promise<void> {
    const keys = what.map(([kind, of]) => this.#key(kind, of));
    await this.#db.transaction((tx) =>
      tx.query('UPDATE attempt SET tokens = tokens + 1 WHERE key = ANY($1::text[])', [keys]),
    );
  }

  async forget(now: Date): Promise<void> {
    const before = new Date(now.getTime() - FORGET_AFTER_MS).toISOString();
    await this.#db.transaction((tx) => tx.query('DELETE FROM attempt WHERE at < $1', [before]));
  }

  #key(kind: string, of: string): string {
    return createHmac('sha256', this.#secret).update(`${kind}\0${of}`).digest('base64url');
  }
}
