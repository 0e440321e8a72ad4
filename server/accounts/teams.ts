import { type NewTeam, STATISTICS_ROWS, type Team, type TeamChange } from '../../protocol/people-api.ts';
import { ApiFailure } from '../errors.ts';
import { TEAMS, type TeamRow } from '../statistics/queries.ts';
import { shownTeam } from '../statistics/statistics.ts';
import type { Database, Queryable } from '../store/database.ts';

/** People who count together. One is in one team at most; a team that everybody has left is no more. */
export class Teams {
  readonly #db: Database;
  readonly #now: () => Date;

  constructor(db: Database, now: () => Date) {
    this.#db = db;
    this.#now = now;
  }

  /** Founds a team and joins it. @throws ApiFailure 409 where the name is taken */
  async create(accountId: number, { name, description, url, country }: NewTeam): Promise<Team> {
    const id = await this.#db.transaction(async (tx) => {
      const [row] = await tx.query<{ id: number }>(
        `INSERT INTO team (name, description, url, country, created_at, founder_id) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (lower(name)) DO NOTHING RETURNING id`,
        [name, description, url, country, this.#now().toISOString(), accountId],
      );
      if (!row) throw nameTaken(name);
      await leave(tx, accountId, row.id);
      return row.id;
    });
    return this.#one(id);
  }

  /** @throws ApiFailure 404 where there is none, 403 where somebody else founded it, 409 where the name is taken */
  async change(accountId: number, teamId: number, change: TeamChange): Promise<Team> {
    await this.#db.transaction(async (tx) => {
      const [team] = await tx.query<{ founder_id: number | null }>(
        'SELECT founder_id FROM team WHERE id = $1 FOR UPDATE',
        [teamId],
      );
      if (!team) throw noTeam();
      if (team.founder_id !== accountId)
        throw new ApiFailure(403, 'not-founder', 'only who founded a team may change what it says of itself');
      if (change.name !== undefined) {
        const others = await tx.query('SELECT FROM team WHERE lower(name) = lower($1) AND id <> $2', [
          change.name,
          teamId,
        ]);
        if (others.length > 0) throw nameTaken(change.name);
      }
      await tx.query(
        `UPDATE team SET name = coalesce($2, name), description = coalesce($3, description),
           url = CASE WHEN $4 THEN $5 ELSE url END, country = CASE WHEN $6 THEN $7 ELSE country END
         WHERE id = $1`,
        [
          ...[teamId, change.name ?? null, change.description ?? null],
          ...[
            change.url !== undefined,
            change.url ?? null,
            change.country !== undefined,
            change.country ?? null,
          ],
        ],
      );
    });
    return this.#one(teamId);
  }

  /** Leaves the one before. @throws ApiFailure 404 where there is none */
  async join(accountId: number, teamId: number): Promise<Team> {
    await this.#db.transaction(async (tx) => {
      // It must not vanish meanwhile.
      const found = await tx.query('SELECT FROM team WHERE id = $1 FOR SHARE', [teamId]);
      if (found.length === 0) throw noTeam();
      await leave(tx, accountId, teamId);
    });
    return this.#one(teamId);
  }

  async leave(accountId: number): Promise<void> {
    await this.#db.transaction((tx) => leave(tx, accountId, null));
  }

  async list(): Promise<Team[]> {
    const rows = await this.#db.query<TeamRow>(TEAMS, [this.#now().toISOString(), STATISTICS_ROWS, null]);
    return rows.map(shownTeam);
  }

  async #one(teamId: number): Promise<Team> {
    const [row] = await this.#db.query<TeamRow>(TEAMS, [this.#now().toISOString(), 1, teamId]);
    if (!row) throw noTeam();
    return shownTeam(row);
  }
}

/** In the transaction of what the person does. @param to where to; null: nowhere */
export async function leave(tx: Queryable, accountId: number, to: number | null): Promise<void> {
  const [had] = await tx.query<{ team_id: number | null }>(
    'SELECT team_id FROM account WHERE id = $1 FOR UPDATE',
    [accountId],
  );
  await tx.query('UPDATE account SET team_id = $2::bigint WHERE id = $1', [accountId, to]);
  if (!had?.team_id || had.team_id === to) return;
  await tx.query('SELECT FROM team WHERE id = $1 FOR UPDATE', [had.team_id]);
  await tx.query('DELETE FROM team WHERE id = $1 AND NOT EXISTS (SELECT FROM account WHERE team_id = $1)', [
    had.team_id,
  ]);
}

function noTeam(): ApiFailure {
  return new ApiFailure(404, 'unknown-team', 'there is no such team; see /teams');
}

function nameTaken(name: string): ApiFailure {
  return new ApiFailure(
    409,
    'name-taken',
    `there is a team "${name}" already; join it, or choose another name`,
    {
      place: 'name',
    },
  );
}
