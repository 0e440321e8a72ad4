import { randomInt } from 'node:crypto';
import { letterCode, readLetterCode } from '../../protocol/letter-code.ts';
import type { AttachCode, OwnHost } from '../../protocol/people-api.ts';
import { appendAudit } from '../audit/trail.ts';
import { showId } from '../ids.ts';
import { tokenHash } from '../secrets.ts';
import { OWN_HOSTS, type OwnHostRow } from '../statistics/queries.ts';
import type { Database } from '../store/database.ts';

const CODE_MS = 15 * 60_000;

/** Which hosts are whose. A host says a code that its person was shown; nobody can take another's host. */
export class OwnHosts {
  readonly #db: Database;
  readonly #now: () => Date;

  constructor(db: Database, now: () => Date) {
    this.#db = db;
    this.#now = now;
  }

  /** The person's last one; the one before is worth nothing any more. */
  async newCode(accountId: number): Promise<AttachCode> {
    const code = letterCode(Array.from({ length: 8 }, () => randomInt(32)));
    const expires = new Date(this.#now().getTime() + CODE_MS);
    await this.#db.transaction(async (tx) => {
      await tx.query('DELETE FROM attach_code WHERE account_id = $1', [accountId]);
      await tx.query('INSERT INTO attach_code (code_sha256, account_id, expires_at) VALUES ($1, $2, $3)', [
        tokenHash(code),
        accountId,
        expires.toISOString(),
      ]);
    });
    return { code, expiresAt: expires.toISOString() };
  }

  /** @returns whose the host is from now on; null where there is no such code */
  async attach(hostId: number, text: string): Promise<{ name: string } | null> {
    return this.#db.transaction(async (tx) => {
      const now = this.#now();
      const [taken] = await tx.query<{ account_id: number }>(
        'DELETE FROM attach_code WHERE code_sha256 = $1 AND expires_at > $2 RETURNING account_id',
        [tokenHash(readLetterCode(text)), now.toISOString()],
      );
      if (!taken) return null;
      await tx.query('UPDATE host SET account_id = $2 WHERE id = $1', [hostId, taken.account_id]);
      const [owner] = await tx.query<{ name: string }>('SELECT name FROM account WHERE id = $1', [
        taken.account_id,
      ]);
      const details = { account: showId('a', taken.account_id), host: showId('h', hostId) };
      await appendAudit(tx, now, [{ event: 'host-attached', details }]);
      return owner ?? null;
    });
  }

  /** Of whoever it is; null: nobody. */
  async ownerOf(hostId: number): Promise<string | null> {
    const [owner] = await this.#db.query<{ name: string }>(
      'SELECT account.name FROM host JOIN account ON account.id = host.account_id WHERE host.id = $1',
      [hostId],
    );
    return owner?.name ?? null;
  }

  /** As its person's detach(), said by the host itself. */
  async leaveOwner(hostId: number): Promise<void> {
    await this.#db.transaction((tx) => tx.query('UPDATE host SET account_id = NULL WHERE id = $1', [hostId]));
  }

  /** @returns whether the host was the account's */
  async detach(accountId: number, hostId: number): Promise<boolean> {
    const rows = await this.#db.transaction((tx) =>
      tx.query('UPDATE host SET account_id = NULL WHERE account_id = $1 AND id = $2 RETURNING id', [
        accountId,
        hostId,
      ]),
    );
    return rows.length > 0;
  }

  async list(accountId: number): Promise<OwnHost[]> {
    const rows = await this.#db.query<OwnHostRow>(OWN_HOSTS, [this.#now().toISOString(), accountId]);
    return rows.map((row) => ({
      id: showId('h', row.id),
      ...{ os: row.os, cores: row.cores, engineVersion: row.engine_version },
      registeredAt: row.registered_at.toISOString(),
      ...{ creditMicroseconds: row.credit, creditADay: row.a_day, eventsValid: row.events },
    }));
  }

  async forget(): Promise<void> {
    const now = this.#now().toISOString();
    await this.#db.transaction((tx) => tx.query('DELETE FROM attach_code WHERE expires_at <= $1', [now]));
  }
}
