import { randomBytes } from 'node:crypto';
import type { InvitedTo, NewInvitation, Preset, StaffInvitation } from '../../protocol/invitation.ts';
import { ApiFailure } from '../errors.ts';
import { showId } from '../ids.ts';
import type { Database } from '../store/database.ts';

interface Row {
  readonly id: number;
  readonly code: string;
  readonly label: string;
  readonly most_hosts: number | null;
  readonly hosts: number;
  readonly expires_at: Date | null;
  readonly campaigns: string[] | null;
  readonly preferences: Preset;
  readonly revoked: boolean;
}

/** Of two hosts that want the last place the row's lock lets one see what the other took. */
const REDEEM = `
  UPDATE invitation SET hosts = hosts + 1
  WHERE code = $1 AND NOT revoked AND (expires_at IS NULL OR expires_at > $2)
    AND (most_hosts IS NULL OR hosts < most_hosts)
  RETURNING id`;

export class Invitations {
  readonly #db: Database;
  readonly #now: () => Date;

  constructor(db: Database, now: () => Date) {
    this.#db = db;
    this.#now = now;
  }

  /** @param linkTo the whole invitation with a code @throws ApiFailure 422 where a campaign is none */
  async create(wanted: NewInvitation, linkTo: (code: string) => string): Promise<StaffInvitation> {
    const { label, mostHosts, days, campaigns, preferences } = wanted;
    const now = this.#now();
    const expires = days === null ? null : new Date(now.getTime() + days * 86_400_000).toISOString();
    const code = randomBytes(15).toString('base64url');
    const row = await this.#db.transaction(async (tx) => {
      const known = await tx.query<{ name: string }>(
        'SELECT name FROM campaign WHERE name = ANY($1::text[])',
        [campaigns ?? []],
      );
      const unknown = campaigns?.find((name) => known.every((one) => one.name !== name));
      if (unknown !== undefined)
        throw new ApiFailure(422, 'unknown-campaign', `there is no campaign "${unknown}"`, {
          place: 'campaigns',
        });
      const [made] = await tx.query<Row>(
        `INSERT INTO invitation (code, label, most_hosts, expires_at, campaigns, preferences, created_at)
         VALUES ($1, $2, $3, $4, $5::text[], $6, $7) RETURNING *`,
        [code, label, mostHosts, expires, campaigns, JSON.stringify(preferences), now.toISOString()],
      );
      return made;
    });
    if (!row) throw new Error('the store gave no identity to a new invitation');
    return shown(row, linkTo);
  }

  async list(linkTo: (code: string) => string): Promise<StaffInvitation[]> {
    const rows = await this.#db.query<Row>('SELECT * FROM invitation ORDER BY id DESC');
    return rows.map((row) => shown(row, linkTo));
  }

  /** @returns whether there is such an invitation */
  async revoke(id: number): Promise<boolean> {
    const rows = await this.#db.transaction((tx) =>
      tx.query('UPDATE invitation SET revoked = true WHERE id = $1 RETURNING id', [id]),
    );
    return rows.length > 0;
  }

  /** What joining by a code means, as long as somebody can. */
  async show(code: string): Promise<InvitedTo | null> {
    const [row] = await this.#db.query<Row>(
      `SELECT * FROM invitation WHERE code = $1 AND NOT revoked AND (expires_at IS NULL OR expires_at > $2)
         AND (most_hosts IS NULL OR hosts < most_hosts)`,
      [code, this.#now().toISOString()],
    );
    return row ? { label: row.label, campaigns: row.campaigns, preferences: row.preferences } : null;
  }

  /** Takes a place. @throws ApiFailure 403 where there is none */
  async redeem(code: string): Promise<number> {
    const [row] = await this.#db.transaction((tx) =>
      tx.query<{ id: number }>(REDEEM, [code, this.#now().toISOString()]),
    );
    if (row) return row.id;
    throw new ApiFailure(
      403,
      'invitation-ended',
      'this invitation has ended, or as many computers have joined by it as may; ask for another',
      { place: 'invitation' },
    );
  }

  /** Before the host is told who it is: it has no work of other campaigns before. */
  async bind(hostId: number, invitationId: number): Promise<void> {
    await this.#db.transaction((tx) =>
      tx.query('UPDATE host SET invitation_id = $2 WHERE id = $1', [hostId, invitationId]),
    );
  }
}

function shown(row: Row, linkTo: (code: string) => string): StaffInvitation {
  const { id, code, label, hosts, campaigns, preferences, revoked } = row;
  return {
    ...{ id: showId('i', id), code, link: linkTo(code), label, hosts, campaigns, preferences, revoked },
    mostHosts: row.most_hosts,
    expiresAt: row.expires_at?.toISOString() ?? null,
  };
}
