import { ApiFailure } from '../errors.ts';
import type { Queryable } from '../store/database.ts';

/**
 * In a transaction that takes a way to sign in away, and holds the account's row.
 * @param issuer the project's institute now: a link to another opens nothing
 * @throws ApiFailure 409 where it was the last one
 */
export async function mustLeaveAWayIn(
  tx: Queryable,
  accountId: number,
  issuer: string | null,
): Promise<void> {
  const [row] = await tx.query<{ is_open: boolean }>(
    `SELECT password IS NOT NULL
       OR EXISTS (SELECT FROM passkey WHERE account_id = account.id)
       OR EXISTS (SELECT FROM institute_link WHERE account_id = account.id AND issuer = $2) AS is_open
     FROM account WHERE id = $1`,
    [accountId, issuer],
  );
  if (row && !row.is_open) {
    throw new ApiFailure(
      409,
      'last-way-in',
      'nothing else would open your account; set a password or add a passkey first',
    );
  }
}
