import type { Role, Session } from '../../protocol/account-api.ts';
import { appendAudit } from '../audit/trail.ts';
import { showId } from '../ids.ts';
import { newToken, tokenHash } from '../secrets.ts';
import type { Database, Queryable } from '../store/database.ts';
import { mayAs } from './roles.ts';

const DAY_MS = 86_400_000;
/** After it was last used. */
const VOLUNTEERS_MS = 30 * DAY_MS;
/** Of who may change or see what is not theirs. */
const OTHERS_MS = 12 * 3_600_000;
/** After sign-in, used or not. */
const LONGEST_MS = 180 * DAY_MS;
/** To say when a session was seen costs a write. */
const SEEN_EVERY_MS = 60_000;

/** Who signed in. */
export interface SignedIn {
  readonly accountId: number;
  readonly login: string;
  readonly role: Role;
  readonly sessionId: number;
  readonly signedInAt: Date;
}

interface Row {
  readonly id: number;
  readonly account_id: number;
  readonly login: string;
  readonly role: Role;
  readonly signed_in_at: Date;
  readonly seen_at: Date;
}

const IDENTIFY = `
  SELECT session.id, account_id, login, role, signed_in_at, seen_at
  FROM session JOIN account ON account.id = account_id
  WHERE token_sha256 = $1 AND expires_at > $2`;

/** Until when a session lasts that is used now. */
function expiry(role: Role, signedInAt: Date, now: Date): Date {
  const idle = mayAs(role, 'reviewer') ? OTHERS_MS : VOLUNTEERS_MS;
  return new Date(Math.min(now.getTime() + idle, signedInAt.getTime() + LONGEST_MS));
}

/** Of people's browsers: an opaque token each, kept as a hash. Nothing is remembered here, so whoever is signed out is so at once. */
export class Sessions {
  readonly #db: Database;
  readonly #now: () => Date;

  constructor(db: Database, now: () => Date) {
    this.#db = db;
    this.#now = now;
  }

  /**
   * @param how what was shown: "password", "passkey", "institute", "recovery-code", "reset-link"; or "sign-up"
   * @param agent what the browser calls itself
   * @returns its token
   */
  async begin(account: { id: number; role: Role }, how: string, agent: string): Promise<string> {
    const token = newToken();
    const now = this.#now();
    await this.#db.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO session (account_id, token_sha256, agent, signed_in_at, seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $4, $5)`,
        [
          account.id,
          tokenHash(token),
          agent,
          now.toISOString(),
          expiry(account.role, now, now).toISOString(),
        ],
      );
      const details = { account: showId('a', account.id), how };
      await appendAudit(tx, now, [{ event: 'sign-in', details }]);
    });
    return token;
  }

  async identify(token: string): Promise<SignedIn | null> {
    const now = this.#now();
    const [row] = await this.#db.query<Row>(IDENTIFY, [tokenHash(token), now.toISOString()]);
    if (!row) return null;
    if (now.getTime() - row.seen_at.getTime() > SEEN_EVERY_MS) {
      const expires = expiry(row.role, row.signed_in_at, now).toISOString();
      await this.#db.transaction((tx) =>
        tx.query('UPDATE session SET seen_at = $2, expires_at = $3 WHERE id = $1', [
          row.id,
          now.toISOString(),
          expires,
        ]),
      );
    }
    const { id: sessionId, account_id: accountId, login, role, signed_in_at: signedInAt } = row;
    return { accountId, login, role, sessionId, signedInAt };
  }

  async list({ accountId, sessionId }: SignedIn): Promise<Session[]> {
    const rows = await this.#db.query<Pick<Row, 'id' | 'signed_in_at' | 'seen_at'> & { agent: string }>(
      `SELECT id, agent, signed_in_at, seen_at FROM session
       WHERE account_id = $1 AND expires_at > $2 ORDER BY seen_at DESC, id DESC`,
      [accountId, this.#now().toISOString()],
    );
    return rows.map(({ id, agent, signed_in_at, seen_at }) => ({
      id: showId('s', id),
      agent,
      current: id === sessionId,
      signedInAt: signed_in_at.toISOString(),
      seenAt: seen_at.toISOString(),
    }));
  }

  /** @returns whether the account has such a session */
  async end(accountId: number, sessionId: number): Promise<boolean> {
    const rows = await this.#db.transaction((tx) =>
      tx.query('DELETE FROM session WHERE account_id = $1 AND id = $2 RETURNING id', [accountId, sessionId]),
    );
    return rows.length > 0;
  }

  async forget(): Promise<void> {
    await this.#db.transaction((tx) =>
      tx.query('DELETE FROM session WHERE expires_at <= $1', [this.#now().toISOString()]),
    );
  }
}

/** In a transaction of what makes them doubtful. @param except one that stays */
export async function endSessions(tx: Queryable, accountId: number, except: number | null): Promise<void> {
  await tx.query('DELETE FROM session WHERE account_id = $1 AND id IS DISTINCT FROM $2::bigint', [
    accountId,
    except,
  ]);
}
