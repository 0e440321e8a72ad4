import type { HostIdentity, HostRegistration, HostStanding } from '../protocol/project-api.ts';
import { Batcher } from './dispatch/batcher.ts';
import { showId } from './ids.ts';
import { newToken, tokenHash } from './secrets.ts';
import { batch, type Database } from './store/database.ts';

/** Tokens of this many hosts are known without asking the store. */
const REMEMBERED_TOKENS = 100_000;

/** Said again where it is not known whether it was kept. */
const REGISTER = `
  INSERT INTO host (token_sha256, cores, os, engine_version, registered_at, network)
  SELECT token_sha256, cores, os, engine_version, registered_at, network
  FROM jsonb_to_recordset($1) AS came (token_sha256 text, cores integer, os text, engine_version text,
       registered_at timestamptz, network text)
  ON CONFLICT (token_sha256) DO UPDATE SET token_sha256 = excluded.token_sha256
  RETURNING id, token_sha256`;

interface NewHost {
  readonly token_sha256: string;
  readonly cores: number;
  readonly os: string;
  readonly engine_version: string;
  readonly registered_at: string;
  readonly network: string | null;
}

export class Hosts {
  readonly #db: Database;
  readonly #byHash = new Map<string, number>();
  readonly #registrations: Batcher<NewHost, number>;

  constructor(db: Database) {
    this.#db = db;
    this.#registrations = new Batcher(
      (hosts) => this.#insert(hosts),
      256,
      (host) => host.token_sha256,
    );
  }

  /** @param network networkHash() of where it comes from */
  async register(registration: HostRegistration, now: Date, network: string | null): Promise<HostIdentity> {
    const token = newToken();
    const id = await this.#registrations.do({
      token_sha256: tokenHash(token),
      cores: registration.cores,
      os: registration.os,
      engine_version: registration.engineVersion,
      registered_at: now.toISOString(),
      network,
    });
    return { hostId: showId('h', id), token };
  }

  async #insert(hosts: readonly NewHost[]): Promise<number[]> {
    const rows = await this.#db.transaction((tx) =>
      tx.query<{ id: number; token_sha256: string }>(REGISTER, [batch(hosts)]),
    );
    const ids = new Map(rows.map((row) => [row.token_sha256, row.id]));
    return hosts.map((host) => {
      const id = ids.get(host.token_sha256);
      if (id === undefined) throw new Error('the store gave no identity to a new host');
      return id;
    });
  }

  idle(): Promise<void> {
    return this.#registrations.idle();
  }

  /** As identify(), without asking the store. */
  remembered(token: string): number | null {
    return this.#byHash.get(tokenHash(token)) ?? null;
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

  /**
   * Takes a quarantine back, and what it says of the host; what was withdrawn stays so.
   * @returns whether there is such a host
   */
  async pardon(hostId: number): Promise<boolean> {
    const rows = await this.#db.transaction((tx) =>
      tx.query(
        `UPDATE host SET quarantined_until = NULL, caught = greatest(0, caught - 1) WHERE id = $1 RETURNING id`,
        [hostId],
      ),
    );
    return rows.length > 0;
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
