import type { Queryable } from '../store/database.ts';

/** $1 hashes. Each table is read once: asked for the few that nothing seems to have named for days. */
const NAMED = `
  WITH asked AS (SELECT unnest($1::text[]) AS sha256)
  SELECT DISTINCT file->>'sha256' AS sha256
  FROM result, jsonb_array_elements(files) AS file WHERE file->>'sha256' = ANY ($1)
  UNION SELECT input->>'sha256' FROM unit WHERE input->>'sha256' = ANY ($1)
  UNION SELECT sha256 FROM asked JOIN release ON position(sha256 IN release.body) > 0
  UNION SELECT sha256 FROM asked JOIN appliance ON position(sha256 IN appliance.body) > 0`;

/** Those of the hashes that something in the store names. */
export async function namedInStore(db: Queryable, hashes: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ sha256: string }>(NAMED, [hashes]);
  return new Set(rows.map(({ sha256 }) => sha256));
}
