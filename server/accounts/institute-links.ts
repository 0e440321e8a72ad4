import { randomBytes, randomInt } from 'node:crypto';
import { PersonName } from '../../protocol/account-api.ts';
import { appendAudit } from '../audit/trail.ts';
import { ApiFailure } from '../errors.ts';
import { showId } from '../ids.ts';
import { newToken, tokenHash } from '../secrets.ts';
import type { Database, Queryable } from '../store/database.ts';
import type { Identity } from './accounts.ts';
import type { InstitutePerson, Visit } from './institute.ts';
import { mayAs } from './roles.ts';
import { endSessions } from './sessions.ts';
import { mustLeaveAWayIn } from './ways-in.ts';

/** People look for a second factor meanwhile. */
const VISIT_MS = 10 * 60_000;
export const VISIT_SECONDS = VISIT_MS / 1000;

export interface KeptVisit extends Visit {
  /** Whose account is being linked; null: somebody signs in. */
  readonly accountId: number | null;
}

interface LinkRow extends Identity {
  readonly link: number;
  readonly made_staff: boolean;
}

/** Which account here belongs to which at an institute. */
export class InstituteLinks {
  readonly #db: Database;
  readonly #now: () => Date;

  constructor(db: Database, now: () => Date) {
    this.#db = db;
    this.#now = now;
  }

  /** @returns what the browser is known by when it comes back */
  async keepVisit({ state, nonce, verifier }: Visit, accountId: number | null): Promise<string> {
    const browser = newToken();
    const expires = new Date(this.#now().getTime() + VISIT_MS).toISOString();
    await this.#db.transaction((tx) =>
      tx.query(
        `INSERT INTO institute_visit (browser_sha256, account_id, state, nonce, verifier, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [tokenHash(browser), accountId, state, nonce, verifier, expires],
      ),
    );
    return browser;
  }

  /** Nobody comes back twice. */
  async takeVisit(browser: string): Promise<KeptVisit | null> {
    const [row] = await this.#db.transaction((tx) =>
      tx.query<Visit & { account_id: number | null }>(
        `DELETE FROM institute_visit WHERE browser_sha256 = $1 AND expires_at > $2
         RETURNING account_id, state, nonce, verifier`,
        [tokenHash(browser), this.#now().toISOString()],
      ),
    );
    if (!row) return null;
    const { account_id: accountId, ...visit } = row;
    return { ...visit, accountId };
  }

  /** Whose account it is; a new one where there is none. The institute's word on who is staff is taken each time. */
  async identify(issuer: string, person: InstitutePerson): Promise<Identity> {
    const now = this.#now().toISOString();
    return this.#db.transaction(async (tx) => {
      const [had] = await tx.query<LinkRow>(
        `SELECT account.id, role, institute_link.id AS link, made_staff
         FROM institute_link JOIN account ON account.id = account_id
         WHERE issuer = $1 AND subject = $2 FOR UPDATE`,
        [issuer, person.subject],
      );
      const link = had ?? (await this.#create(tx, issuer, person));
      await tx.query('UPDATE institute_link SET used_at = $2 WHERE id = $1', [link.link, now]);
      return { id: link.id, role: await this.#follow(tx, link, person.isStaff) };
    });
  }

  async #create(tx: Queryable, issuer: string, person: InstitutePerson): Promise<LinkRow> {
    const wish = loginOf(person.wish);
    const name = PersonName.safeParse(person.name);
    for (const login of [wish, ...Array.from({ length: 5 }, () => `${wish}-${randomInt(1000, 1_000_000)}`)]) {
      const [made] = await tx.query<Identity>(
        `INSERT INTO account (login, name, public_id, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (login) DO NOTHING RETURNING id, role`,
        [login, name.success ? name.data : login, randomBytes(16).toString('hex'), this.#now().toISOString()],
      );
      if (made) return { ...made, link: await this.#insert(tx, made.id, issuer, person), made_staff: false };
    }
    throw new ApiFailure(503, 'no-login', 'no name was free for the new account; try again', {
      retryAfterSeconds: 1,
    });
  }

  async #insert(tx: Queryable, accountId: number, issuer: string, person: InstitutePerson): Promise<number> {
    const now = this.#now();
    const [row] = await tx.query<{ id: number }>(
      `INSERT INTO institute_link (account_id, issuer, subject, created_at, used_at) VALUES ($1, $2, $3, $4, $4)
       ON CONFLICT DO NOTHING RETURNING id`,
      [accountId, issuer, person.subject, now.toISOString()],
    );
    if (!row) {
      throw new ApiFailure(
        409,
        'institute-taken',
        'one of the two is linked already: this account to another of the institute, or that one to another here. Unlink first',
      );
    }
    const details = { account: showId('a', accountId), issuer };
    await appendAudit(tx, now, [{ event: 'institute-linked', details }]);
    return row.id;
  }

  /** What an owner gave stays theirs to take. @returns the role from now on */
  async #follow(
    tx: Queryable,
    { id, role, link, made_staff }: LinkRow,
    isStaff: boolean,
  ): Promise<Identity['role']> {
    if (isStaff ? mayAs(role, 'staff') : !made_staff) return role;
    await tx.query('UPDATE institute_link SET made_staff = $2 WHERE id = $1', [link, isStaff]);
    const wanted = isStaff ? 'staff' : role === 'staff' ? 'volunteer' : role;
    if (wanted !== role) await changeRole(tx, id, wanted, this.#now());
    return wanted;
  }

  /** @throws ApiFailure 409 where either is linked already */
  async link(accountId: number, issuer: string, person: InstitutePerson): Promise<void> {
    await this.#db.transaction((tx) => this.#insert(tx, accountId, issuer, person));
  }

  async find(accountId: number, issuer: string): Promise<{ linkedAt: string; usedAt: string } | null> {
    const [row] = await this.#db.query<{ created_at: Date; used_at: Date }>(
      'SELECT created_at, used_at FROM institute_link WHERE account_id = $1 AND issuer = $2',
      [accountId, issuer],
    );
    return row ? { linkedAt: row.created_at.toISOString(), usedAt: row.used_at.toISOString() } : null;
  }

  /** Of any institute that ever was the project's. */
  async list(accountId: number): Promise<{ issuer: string; subject: string; linkedAt: string }[]> {
    const rows = await this.#db.query<{ issuer: string; subject: string; created_at: Date }>(
      'SELECT issuer, subject, created_at FROM institute_link WHERE account_id = $1 ORDER BY id',
      [accountId],
    );
    return rows.map(({ created_at, ...row }) => ({ ...row, linkedAt: created_at.toISOString() }));
  }

  /**
   * What the institute made of the person ends with it.
   * @returns whether there was a link
   * @throws ApiFailure 409 where nothing else would open the account
   */
  async unlink(accountId: number, issuer: string): Promise<boolean> {
    return this.#db.transaction(async (tx) => {
      const [account] = await tx.query<Identity>('SELECT id, role FROM account WHERE id = $1 FOR UPDATE', [
        accountId,
      ]);
      const [row] = await tx.query<{ made_staff: boolean }>(
        'DELETE FROM institute_link WHERE account_id = $1 AND issuer = $2 RETURNING made_staff',
        [accountId, issuer],
      );
      if (!account || !row) return false;
      await mustLeaveAWayIn(tx, accountId, issuer);
      const details = { account: showId('a', accountId), issuer };
      await appendAudit(tx, this.#now(), [{ event: 'institute-unlinked', details }]);
      if (row.made_staff && account.role === 'staff')
        await changeRole(tx, accountId, 'volunteer', this.#now());
      return true;
    });
  }

  async forget(): Promise<void> {
    const now = this.#now().toISOString();
    await this.#db.transaction((tx) => tx.query('DELETE FROM institute_visit WHERE expires_at <= $1', [now]));
  }
}

async function changeRole(
  tx: Queryable,
  accountId: number,
  role: Identity['role'],
  now: Date,
): Promise<void> {
  await tx.query('UPDATE account SET role = $2 WHERE id = $1', [accountId, role]);
  await endSessions(tx, accountId, null);
  const details = { account: showId('a', accountId), role, by: 'institute' };
  await appendAudit(tx, now, [{ event: 'role-changed', details }]);
}

/** A login like the name somebody has at the institute. */
export function loginOf(wish: string): string {
  const text = wish
    .normalize('NFKD')
    .toLowerCase()
    .replace(/@.*$/su, '')
    .replaceAll(/[^a-z0-9._-]/g, '')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 30);
  return text.length < 3 ? 'member' : text;
}
