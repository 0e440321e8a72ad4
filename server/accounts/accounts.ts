import { randomBytes } from 'node:crypto';
import type {
  Account,
  AccountChange,
  Role,
  SignIn,
  SignUp,
  StaffAccountList,
} from '../../protocol/account-api.ts';
import { appendAudit } from '../audit/trail.ts';
import { ApiFailure } from '../errors.ts';
import { showId } from '../ids.ts';
import type { Database } from '../store/database.ts';
import { hashPassword, isNobodysPassword, isPassword, mustNotTell } from './passwords.ts';
import { newRecoveryCodes, putPassword, type Recovered } from './recovery.ts';
import { mayAs } from './roles.ts';
import { endSessions, type SignedIn } from './sessions.ts';

export interface Identity {
  readonly id: number;
  readonly role: Role;
}

interface Row {
  readonly login: string;
  readonly name: string;
  readonly email: string | null;
  readonly country: string | null;
  readonly role: Role;
  readonly published: boolean;
  readonly has_password: boolean;
  readonly recovery_codes: number;
  readonly team_id: number | null;
  readonly team_name: string | null;
  readonly created_at: Date;
  readonly credit: number;
  readonly events: number;
}

const SHOW = `
  SELECT login, account.name, email, account.country, role, published, password IS NOT NULL AS has_password,
         (SELECT count(*) FROM recovery_code WHERE account_id = account.id) AS recovery_codes,
         team_id, team.name AS team_name, account.created_at,
         (SELECT coalesce(sum(credit_microseconds), 0)::bigint FROM host WHERE account_id = account.id) AS credit,
         (SELECT coalesce(sum(events_valid), 0)::bigint FROM host WHERE account_id = account.id) AS events
  FROM account LEFT JOIN team ON team.id = team_id WHERE account.id = $1`;

/** The people themselves. */
export class Accounts {
  readonly #db: Database;
  readonly #now: () => Date;

  constructor(db: Database, now: () => Date) {
    this.#db = db;
    this.#now = now;
  }

  /** @throws ApiFailure 409 where the login is taken, 422 where the password is the login */
  async create({ login, password, name }: SignUp): Promise<Recovered> {
    mustNotTell(password, login);
    const hash = await hashPassword(password);
    const made = await this.#db.transaction(async (tx) => {
      const [row] = await tx.query<Identity>(
        `INSERT INTO account (login, name, password, public_id, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (login) DO NOTHING RETURNING id, role`,
        [login, name ?? login, hash, randomBytes(16).toString('hex'), this.#now().toISOString()],
      );
      return row && { ...row, recoveryCodes: await newRecoveryCodes(tx, row.id) };
    });
    if (made) return made;
    throw new ApiFailure(
      409,
      'login-taken',
      `"${login}" is somebody’s already; choose another name to sign in with`,
      {
        place: 'login',
      },
    );
  }

  /** Takes as long where there is no such account. @returns null where login and password do not belong together */
  async withPassword({ login, password }: SignIn): Promise<Identity | null> {
    const [row] = await this.#db.query<Identity & { password: string | null }>(
      'SELECT id, role, password FROM account WHERE login = $1',
      [login.trim().toLowerCase()],
    );
    const isRight = row?.password
      ? await isPassword(password, row.password)
      : await isNobodysPassword(password);
    return row && isRight ? { id: row.id, role: row.role } : null;
  }

  async show(accountId: number): Promise<Account> {
    const [row] = await this.#db.query<Row>(SHOW, [accountId]);
    // Deleted by another request of the person's.
    if (!row) throw new ApiFailure(401, 'unknown-token', 'this account is no more');
    return {
      login: row.login,
      name: row.name,
      email: row.email,
      country: row.country,
      role: row.role,
      published: row.published,
      hasPassword: row.has_password,
      recoveryCodes: row.recovery_codes,
      team: row.team_id === null ? null : { id: showId('g', row.team_id), name: row.team_name ?? '' },
      createdAt: row.created_at.toISOString(),
      creditMicroseconds: row.credit,
      eventsValid: row.events,
    };
  }

  async change(accountId: number, change: AccountChange): Promise<void> {
    await this.#db.transaction((tx) =>
      tx.query(
        `UPDATE account SET name = coalesce($2, name), published = coalesce($3, published),
           email = CASE WHEN $4 THEN $5 ELSE email END, country = CASE WHEN $6 THEN $7 ELSE country END
         WHERE id = $1`,
        [
          accountId,
          change.name ?? null,
          change.published ?? null,
          change.email !== undefined,
          change.email ?? null,
          change.country !== undefined,
          change.country ?? null,
        ],
      ),
    );
  }

  /** The session that asks stays. @returns new recovery codes */
  async setPassword({ accountId, login, sessionId }: SignedIn, password: string): Promise<string[]> {
    mustNotTell(password, login);
    const hash = await hashPassword(password);
    return this.#db.transaction((tx) => putPassword(tx, this.#now(), accountId, hash, 'session', sessionId));
  }

  /** What the role allowed ends with it. @param by who, for the trail @returns whether there is such an account */
  async setRole(login: string, role: Role, by: string): Promise<boolean> {
    return this.#db.transaction(async (tx) => {
      const [row] = await tx.query<{ id: number }>(
        'UPDATE account SET role = $2 WHERE login = $1 RETURNING id',
        [login, role],
      );
      if (!row) return false;
      await endSessions(tx, row.id, null);
      // From here on it is not the institute's to take.
      if (mayAs(role, 'staff'))
        await tx.query('UPDATE institute_link SET made_staff = false WHERE account_id = $1', [row.id]);
      const details = { account: showId('a', row.id), role, by };
      await appendAudit(tx, this.#now(), [{ event: 'role-changed', details }]);
      return true;
    });
  }

  async list(): Promise<(typeof StaffAccountList)['_output']> {
    const rows = await this.#db.query<
      Pick<Row, 'login' | 'name' | 'role' | 'created_at'> & { hosts: number }
    >(
      `SELECT login, name, role, created_at, (SELECT count(*) FROM host WHERE account_id = account.id) AS hosts
       FROM account ORDER BY id`,
    );
    return {
      accounts: rows.map(({ created_at, ...row }) => ({ ...row, createdAt: created_at.toISOString() })),
    };
  }
}
