import type { Account } from '../../protocol/account-api.ts';
import type { AccountExport } from '../../protocol/people-api.ts';
import { appendAudit } from '../audit/trail.ts';
import { showId } from '../ids.ts';
import type { Project } from '../project.ts';
import type { SignedIn } from './sessions.ts';
import { leave } from './teams.ts';

type Parts = Pick<
  Project,
  'db' | 'now' | 'accounts' | 'sessions' | 'apiTokens' | 'passkeys' | 'ownHosts' | 'instituteLinks'
>;

/** All that is kept of a person, but for what only proves who they are: hashes of passwords and tokens, public keys. */
export async function exportAccount(project: Parts, person: SignedIn): Promise<AccountExport> {
  const { accountId } = person;
  const account: Account = await project.accounts.show(accountId);
  const trail = await project.db.query<{ at: Date; event: string; details: Record<string, never> }>(
    `SELECT at, event, details FROM audit WHERE details->>'account' = $1 OR split_part(details->>'by', ' ', 1) = $1
     ORDER BY number`,
    [showId('a', accountId)],
  );
  return {
    at: project.now().toISOString(),
    account,
    sessions: await project.sessions.list(person),
    tokens: await project.apiTokens.list(accountId),
    institutes: await project.instituteLinks.list(accountId),
    passkeys: await project.passkeys.list(accountId),
    hosts: await project.ownHosts.list(accountId),
    trail: trail.map(({ at, event, details }) => ({ at: at.toISOString(), event, details })),
  };
}

/**
 * What is left: hosts, as nobody's, with their credit; in the trail, which can not be changed, the account's number with no
 * name to it; and backups, until they are replaced.
 */
export async function deleteAccount(project: Parts, accountId: number): Promise<void> {
  await project.db.transaction(async (tx) => {
    await leave(tx, accountId, null);
    await tx.query('UPDATE host SET account_id = NULL WHERE account_id = $1', [accountId]);
    await tx.query('DELETE FROM account WHERE id = $1', [accountId]);
    const details = { account: showId('a', accountId) };
    await appendAudit(tx, project.now(), [{ event: 'account-deleted', details }]);
  });
}
