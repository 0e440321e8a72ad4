import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batch, type Database } from '../../server/store/database.ts';
import { migrate } from '../../server/store/migrate.ts';
import { openPglite } from '../../server/store/pglite.ts';
import { prepareDataFolder } from '../../server/store/prepare.ts';
import { MERGE } from '../../server/validate/queries.ts';

const POINTS = 3;
/** evgen's histograms together have about as many. */
const COUNTS = 600;
/** Of one transaction, as the server's batches are when there is much to do. */
const UNITS = 64;
const SECONDS = 4;

/** Units merged a second, where merging were all there is to do: batches of sums into the points of one campaign. */
export async function mergesPerSecond(stores: readonly Database[]): Promise<number> {
  const [first] = stores;
  if (!first) throw new Error('no store');
  await first.execute(`
    INSERT INTO release (application, version, body, signature, added_at) VALUES ('merges', '1', '{}', '', now());
    INSERT INTO campaign (name, spec, spec_text, release_id, platforms, created_at, points, units)
      SELECT 'merges', '{}', '', id, '{}', now(), ${POINTS}, 1000000000 FROM release WHERE application = 'merges';
    INSERT INTO point (campaign_id, index, parameters, counts)
      SELECT id, i, '{}', array_fill(0::bigint, ARRAY[${COUNTS}]) FROM campaign, generate_series(0, ${POINTS - 1}) AS i WHERE name = 'merges'`);
  const [campaign] = await first.query<{ id: number }>("SELECT id FROM campaign WHERE name = 'merges'");
  const sums = batch(
    Array.from({ length: POINTS }, (_, index) => ({
      campaign_id: campaign?.id,
      index,
      units: Math.round(UNITS / POINTS),
      events: 100 * UNITS,
      maximum_pb: 1.5,
      attempted: 120 * UNITS,
      accepted: 100 * UNITS,
      counts: Array.from({ length: COUNTS }, (_, i) => i),
    })),
  );
  const end = performance.now() + SECONDS * 1000;
  let merged = 0;
  await Promise.all(
    stores.map(async (db) => {
      while (performance.now() < end) {
        await db.transaction((tx) => tx.query(MERGE, [sums]));
        merged += UNITS;
      }
    }),
  );
  return merged / SECONDS;
}

/** The same on an embedded store. */
export async function embeddedMergesPerSecond(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-bench-merges-'));
  try {
    await prepareDataFolder(join(folder, 'database'));
    const db = await openPglite(join(folder, 'database'));
    try {
      await migrate(db, new Date());
      return await mergesPerSecond([db]);
    } finally {
      await db.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
