import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StoreSnapshot } from '../../protocol/staff-api.ts';
import { serverFiles } from '../files.ts';
import { finished, Host, Staff } from '../testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease, modelSums } from '../testkit/model.ts';
import { noPostgresql, type PostgresqlServer, postgresqlServer } from '../testkit/postgresql.ts';
import { type TestServer, testServer } from '../testkit/server.ts';
import { BackupError, writeBackup } from './backup.ts';
import { restoreBackup } from './restore.ts';

const isHere = noPostgresql === null;
const named = (name: string) => (isHere ? name : `${name} (skipped: ${noPostgresql})`);

let folder = '';
let postgresql: PostgresqlServer;
let server: TestServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-to-postgresql-'));
  if (!isHere) return;
  server = await testServer({ dataFolder: join(folder, 'embedded') });
  postgresql = await postgresqlServer({ fsync: 'off' });
  // As docs/operations.md says it: a role of its own that is no superuser.
  postgresql.sql('CREATE ROLE beamtime LOGIN; CREATE DATABASE beamtime OWNER beamtime');
});
afterAll(async () => {
  await server?.remove();
  await postgresql?.remove();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function backup(data: string, staff: Staff, target: string): Promise<string> {
  const { file, takenAt, serverVersion } = await staff.ask(StoreSnapshot, 'POST', '/staff/snapshots');
  await writeBackup(serverFiles(data), file, { takenAt, serverVersion }, target);
  return target;
}

test.skipIf(!isHere)(
  named(
    'a project moves from the embedded store to a PostgreSQL server and back, with what hosts have in hand',
  ),
  async () => {
    const staff = new Staff(server.url, server.staffToken);
    await staff.publish(modelRelease, modelPrograms);
    await staff.push(modelCampaign('moved', { events: 300 }));
    const host = await Host.register(server.url);
    const { leases } = await host.leases(3);
    const [first, second, third] = leases;
    if (!first || !second || !third) throw new Error('no leases');
    const done = await host.finish(first, modelOutput(first.card));
    const tar = await backup(server.folder, staff, join(folder, 'embedded.tar'));
    await server.stop();

    const url = postgresql.url.replace('postgres@', 'beamtime@').replace(/postgres$/, 'beamtime');
    const grown = join(folder, 'grown');
    await expect(restoreBackup(tar, grown, new Date(), { url })).rejects.toThrow(
      /GRANT SET ON PARAMETER session_replication_role/,
    );
    postgresql.sql(
      'DROP DATABASE beamtime; CREATE DATABASE beamtime OWNER beamtime; GRANT SET ON PARAMETER session_replication_role TO beamtime',
    );
    await restoreBackup(tar, grown, new Date(), { url });
    await expect(restoreBackup(tar, join(folder, 'twice'), new Date(), { url })).rejects.toThrow(BackupError);

    // Only now at the address that hosts know: the embedded server has ended.
    const port = Number(new URL(server.url).port);
    let onPostgresql = await testServer({ dataFolder: grown, port, database: { url } });
    try {
      const moved = new Host(onPostgresql.url, { hostId: host.id, token: host.token ?? '' });
      expect(await moved.verdict(first)).toEqual(done);
      expect(await moved.finish(second, modelOutput(second.card))).toMatchObject({ state: 'valid' });
      const staffThere = new Staff(onPostgresql.url, onPostgresql.staffToken);
      const again = await backup(grown, staffThere, join(folder, 'postgresql.tar'));
      await onPostgresql.stop();

      // A server that forgets the setting must not begin an empty store beside it.
      await expect(testServer({ dataFolder: grown })).rejects.toThrow(/--database/);
      await expect(testServer({ dataFolder: server.folder, database: { url } })).rejects.toThrow(
        /store of its own/,
      );
      await expect(testServer({ dataFolder: join(folder, 'other'), database: { url } })).rejects.toThrow(
        /share one folder/,
      );

      const back = join(folder, 'back');
      await restoreBackup(again, back, new Date());
      onPostgresql = await testServer({ dataFolder: back });
      const host3 = new Host(onPostgresql.url, { hostId: host.id, token: host.token ?? '' });
      const report = finished(third, modelOutput(third.card));
      if (report.outcome.state !== 'finished') throw new Error('not finished');
      for (const file of report.outcome.files)
        file.data = Buffer.from(modelOutput(third.card)[file.path] ?? '').toString('base64');
      expect(await host3.report(report)).toMatchObject({ state: 'valid' });
      const { points, state } = await new Staff(onPostgresql.url, onPostgresql.staffToken).campaign('moved');
      expect(state).toBe('complete');
      expect(points[0]).toMatchObject(modelSums(leases.map(({ card }) => card)));
    } finally {
      await onPostgresql.stop();
    }
  },
  60_000,
);
