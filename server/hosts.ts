import type { HostIdentity, HostRegistration, HostStanding } from '../protocol/project-api.ts';
import { showId } from './ids.ts';
import { newToken, tokenHash } from './secrets.ts';
import type { Database } from './store/database.ts';

/** Tokens of this many hosts are known without asking the store. */
const REMEMBERED_TOKENS = 100_000;

export class Hosts {
  readonly #db: Database;
  readonly #byHash = new Map<string, number>();

  constructor(db: Database) {
    this.#db = db;
  }

  async register(registration: HostRegistration, now: Date): Promise<HostIdentity> {
    const token = newToken();
    const [row] = await this.#db.transaction((tx) =>
      tx.query<{ id: number }>(
        `INSERT INTO host (token_sha256, cores, os, engine_version, registered_at)
         VALUES ($1, $2, $3, $4, $5) RETURNING id`,
        [
          tokenHash(token),
          registration.cores,
          registration.os,
          registration.engineVersion,
          now.toISOString(),
        ],
      ),
    );
    if (!row) throw new Error('the store gave no identity to a new host');
    return { hostId: showId('h', row.id), token };
  }

  /** @returns null where no host has that token. The look-up is by hash, so its time tells nothing of the token. */
  async identify(token: string): Promise<number | null> {
    const hash = tokenHash(token);
    const known = this.#byHash.get(hash);
    if (known !== undefined) return known;
    const [row] = await this.#db.query<{ id: number }>('SELECT id FROM host WHERE token_sha256 = $1', [hash]);
    if (!row) return null;
    if (this.#byHash.size >= REMEMBERED_TOKENS) this.#byHash.clear();
    this.#byHash.set(hash, row.id);
    return row.id;
  }

  async standing(hostId: number): Promise<HostStanding> {
    const [row] = await this.#db.query<{
      credit_microseconds: number;
      events_valid: number;
      pending: number;
      valid: number;
      invalid: number;
      failed: number;
    }>(
      `SELECT credit_microseconds, events_valid, results_valid AS valid, results_invalid AS invalid,
              results_failed AS failed,
              (SELECT count(*) FROM result WHERE host_id = $1 AND state = 'pending') AS pending
       FROM host WHERE id = $1`,
      [hostId],
    );
    if (!row) throw new Error(`host ${hostId} was identified but is not in the store`);
    const { pending, valid, invalid, failed } = row;
    return {
      hostId: showId('h', hostId),
      creditMicroseconds: row.credit_microseconds,
      eventsValid: row.events_valid,
      results: { pending, valid, invalid, failed },
    };
  }
}
