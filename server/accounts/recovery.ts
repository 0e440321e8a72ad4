import { randomInt } from 'node:crypto';
import type { Recover, Reset } from '../../protocol/account-api.ts';
import { letterCode, readLetterCode } from '../../protocol/letter-code.ts';
import { appendAudit } from '../audit/trail.ts';
import { showId } from '../ids.ts';
import { newToken, tokenHash } from '../secrets.ts';
import type { Database, Queryable } from '../store/database.ts';
import type { Identity } from './accounts.ts';
import { hashPassword, mustNotTell } from './passwords.ts';
import { endSessions } from './sessions.ts';

const CODES = 8;
/** Of 32: 80 bits, which nobody finds from a plain hash. */
const LETTERS = 16;
const LINK_MS = 3_600_000;

/** What opens an account whose password was forgotten. Both set a new one; nothing is sent to anybody. */
export interface Recovered extends Identity {
  readonly recoveryCodes: readonly string[];
}

interface LinkRow extends Identity {
  readonly login: string;
}

export class Recovery {
  readonly #db: Database;
  readonly #now: () => Date;

  constructor(db: Database, now: () => Date) {
    this.#db = db;
    this.#now = now;
  }

  /** Those before are worth nothing any more. */
  async renewCodes(accountId: number): Promise<string[]> {
    return this.#db.transaction(async (tx) => {
      const details = { account: showId('a', accountId) };
      await appendAudit(tx, this.#now(), [{ event: 'recovery-codes-made', details }]);
      return newRecoveryCodes(tx, accountId);
    });
  }

  /** Takes as long where there is no such account. @returns null where name and code do not belong together, or the code was used */
  async byCode({ login: text, code, password }: Recover): Promise<Recovered | null> {
    const login = text.trim().toLowerCase();
    mustNotTell(password, login);
    const hash = await hashPassword(password);
    return this.#db.transaction(async (tx) => {
      const [taken] = await tx.query<Identity>(
        `DELETE FROM recovery_code USING account
         WHERE account.id = account_id AND login = $1 AND code_sha256 = $2 RETURNING account.id, role`,
        [login, tokenHash(readLetterCode(code))],
      );
      if (!taken) return null;
      return { ...taken, recoveryCodes: await putPassword(tx, this.#now(), taken.id, hash, 'code') };
    });
  }

  /**
   * For somebody to set a password with, once. The one before is worth nothing any more.
   * @param by who makes it, for the trail
   * @returns null where there is no such account
   */
  async newLink(login: string, by: string): Promise<{ token: string; expiresAt: string } | null> {
    const token = newToken();
    const now = this.#now();
    const expiresAt = new Date(now.getTime() + LINK_MS).toISOString();
    return this.#db.transaction(async (tx) => {
      const [row] = await tx.query<{ account_id: number }>(
        `INSERT INTO reset_link (account_id, token_sha256, expires_at)
         SELECT id, $2, $3::timestamptz FROM account WHERE login = $1
         ON CONFLICT (account_id) DO UPDATE SET token_sha256 = $2, expires_at = $3 RETURNING account_id`,
        [login, tokenHash(token), expiresAt],
      );
      if (!row) return null;
      const details = { account: showId('a', row.account_id), by };
      await appendAudit(tx, now, [{ event: 'reset-link-made', details }]);
      return { token, expiresAt };
    });
  }

  /** @returns null where there is no such link, or it has ended */
  async byLink({ token, password }: Reset): Promise<Recovered | null> {
    const now = this.#now();
    const key = [tokenHash(token), now.toISOString()];
    const [found] = await this.#db.query<LinkRow>(
      `SELECT id, role, login FROM reset_link JOIN account ON account.id = account_id
       WHERE token_sha256 = $1 AND expires_at > $2`,
      key,
    );
    if (!found) return null;
    const { id, role, login } = found;
    mustNotTell(password, login);
    const hash = await hashPassword(password);
    return this.#db.transaction(async (tx) => {
      const taken = await tx.query(
        'DELETE FROM reset_link WHERE token_sha256 = $1 AND expires_at > $2 RETURNING account_id',
        key,
      );
      if (taken.length === 0) return null;
      return { id, role, recoveryCodes: await putPassword(tx, now, id, hash, 'link') };
    });
  }

  async forget(): Promise<void> {
    const now = this.#now().toISOString();
    await this.#db.transaction((tx) => tx.query('DELETE FROM reset_link WHERE expires_at <= $1', [now]));
  }
}

/**
 * Whoever may know the old one is signed out, and what could set another is worth nothing any more.
 * @param how it came about, for the trail
 * @param except a session that stays
 * @returns new recovery codes
 */
export async function putPassword(
  tx: Queryable,
  now: Date,
  accountId: number,
  hash: string,
  how: 'session' | 'code' | 'link',
  except: number | null = null,
): Promise<string[]> {
  await tx.query('UPDATE account SET password = $2 WHERE id = $1', [accountId, hash]);
  await tx.query('DELETE FROM reset_link WHERE account_id = $1', [accountId]);
  await endSessions(tx, accountId, except);
  const details = { account: showId('a', accountId), how };
  await appendAudit(tx, now, [{ event: 'password-changed', details }]);
  return newRecoveryCodes(tx, accountId);
}

export async function newRecoveryCodes(tx: Queryable, accountId: number): Promise<string[]> {
  const codes = Array.from({ length: CODES }, () =>
    letterCode(Array.from({ length: LETTERS }, () => randomInt(32))),
  );
  await tx.query('DELETE FROM recovery_code WHERE account_id = $1', [accountId]);
  await tx.query('INSERT INTO recovery_code (code_sha256, account_id) SELECT unnest($1::text[]), $2', [
    codes.map(tokenHash),
    accountId,
  ]);
  return codes;
}
