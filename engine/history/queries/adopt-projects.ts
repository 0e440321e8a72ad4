import { type Database, inTransaction } from '../open.ts';

/** What an older version wrote down by the name of its project gets the key, as its leases' names do (leaseKey); of two of one name the first. */
export function adoptProjects(
  database: Database,
  projects: readonly { readonly key: string; readonly name: string }[],
): void {
  inTransaction(database, () => {
    for (const { key, name } of projects) {
      database.run(
        "UPDATE OR IGNORE units SET project = ?, lease_id = lease_id || '@' || ? WHERE project = ?",
        [...[key, key, name]],
      );
      database.run('UPDATE OR IGNORE days SET project = ? WHERE project = ?', [key, name]);
    }
  });
}
