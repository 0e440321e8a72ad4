import type { ApiToken, NewApiToken, Role, Scope } from '../../protocol/account-api.ts';
import { appendAudit } from '../audit/trail.ts';
import { ApiFailure } from '../errors.ts';
import { showId } from '../ids.ts';
import { newToken, tokenHash } from '../secrets.ts';
import type { Database } from '../store/database.ts';
import { mayAs, ROLE_OF_SCOPE } from './roles.ts';

/** So that scanners of repositories know one (as GitHub's do), and this server asks its store only about what may be one. */
const PREFIX = 'btp_';
const SEEN_EVERY_MS = 60_000;
const MOST = 50;

export interface TokenHolder {
  readonly tokenId: number;
  readonly accountId: number;
  readonly login: string;
  readonly role: Role;
  readonly scopes: readonly Scope[];
}

interface Row {
  readonly id: number;
  readonly name: string;
  readonly scopes: Scope[];
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly used_at: Date | null;
}

/** Tokens that a person gives to programs. */
export class ApiTokens {
  readonly #db: Database;
  readonly #now: () => Date;

  constructor(db: Database, now: () => Date) {
    this.#db = db;
    this.#now = now;
  }

  static looksLikeOne(token: string): boolean {
    return token.startsWith(PREFIX);
  }

  /**
   * @returns the token, which nobody is told again
   * @throws ApiFailure 403 where a scope is beyond the person's role, 409 where there are too many
   */
  async create(
    accountId: number,
    role: Role,
    { name, scopes, days }: NewApiToken,
  ): Promise<ApiToken & { token: string }> {
    const beyond = scopes.find((scope) => !mayAs(role, ROLE_OF_SCOPE[scope]));
    if (beyond !== undefined) {
      const words = `"${beyond}" is for ${ROLE_OF_SCOPE[beyond]}; an owner of the project can give you that role`;
      throw new ApiFailure(403, 'beyond-role', words, { place: 'scopes' });
    }
    const token = PREFIX + newToken();
    const now = this.#now();
    const expires = new Date(now.getTime() + days * 86_400_000);
    const wanted = [...new Set(scopes)].sort();
    const row = await this.#db.transaction(async (tx) => {
      // In turn for each account, so that the number is kept.
      await tx.query('SELECT FROM account WHERE id = $1 FOR UPDATE', [accountId]);
      const [had] = await tx.query<{ n: number }>(
        'SELECT count(*) AS n FROM api_token WHERE account_id = $1',
        [accountId],
      );
      if ((had?.n ?? 0) >= MOST)
        throw new ApiFailure(409, 'too-many', `you have ${MOST} tokens; revoke one first`);
      const [made] = await tx.query<Row>(
        `INSERT INTO api_token (account_id, name, token_sha256, scopes, created_at, expires_at)
         VALUES ($1, $2, $3, $4::text[], $5, $6) RETURNING *`,
        [accountId, name, tokenHash(token), wanted, now.toISOString(), expires.toISOString()],
      );
      if (!made) throw new Error('the store gave no identity to a new token');
      const details = {
        account: showId('a', accountId),
        token: showId('t', made.id),
        scopes: wanted.join(' '),
      };
      await appendAudit(tx, now, [{ event: 'token-created', details }]);
      return made;
    });
    return { ...shown(row), token };
  }

  async list(accountId: number): Promise<ApiToken[]> {
    const rows = await this.#db.query<Row>('SELECT * FROM api_token WHERE account_id = $1 ORDER BY id DESC', [
      accountId,
    ]);
    return rows.map(shown);
  }

  /** @returns whether the account has such a token */
  async revoke(accountId: number, tokenId: number): Promise<boolean> {
    return this.#db.transaction(async (tx) => {
      const rows = await tx.query('DELETE FROM api_token WHERE account_id = $1 AND id = $2 RETURNING id', [
        accountId,
        tokenId,
      ]);
      if (rows.length === 0) return false;
      const details = { account: showId('a', accountId), token: showId('t', tokenId) };
      await appendAudit(tx, this.#now(), [{ event: 'token-revoked', details }]);
      return true;
    });
  }

  async identify(token: string): Promise<TokenHolder | null> {
    const now = this.#now();
    const [row] = await this.#db.query<
      Pick<Row, 'id' | 'scopes' | 'used_at'> & { account_id: number; login: string; role: Role }
    >(
      `SELECT api_token.id, scopes, used_at, account_id, login, role
       FROM api_token JOIN account ON account.id = account_id WHERE token_sha256 = $1 AND expires_at > $2`,
      [tokenHash(token), now.toISOString()],
    );
    if (!row) return null;
    if (now.getTime() - (row.used_at?.getTime() ?? 0) > SEEN_EVERY_MS) {
      await this.#db.transaction((tx) =>
        tx.query('UPDATE api_token SET used_at = $2 WHERE id = $1', [row.id, now.toISOString()]),
      );
    }
    const { id: tokenId, account_id: accountId, login, role, scopes } = row;
    return { tokenId, accountId, login, role, scopes };
  }
}

function shown({ id, name, scopes, created_at, expires_at, used_at }: Row): ApiToken {
  return {
    id: showId('t', id),
    name,
    scopes,
    createdAt: created_at.toISOString(),
    expiresAt: expires_at.toISOString(),
    usedAt: used_at?.toISOString() ?? null,
  };
}
