import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../platform/files.ts';
import { type Lease, ProjectInfo } from '../../protocol/project-api.ts';
import { StoreSnapshot } from '../../protocol/staff-api.ts';
import { serverFiles } from '../files.ts';
import { type ChildServer, childServer } from '../testkit/child.ts';
import { Client, finished, Host, refusal, Staff } from '../testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease, modelSums } from '../testkit/model.ts';
import { testServer } from '../testkit/server.ts';
import { until } from '../testkit/until.ts';
import { BackupError, writeBackup } from './backup.ts';
import { restoreBackup } from './restore.ts';

let folder = '';
let backup = '';
let server: ChildServer;
/** What the project and a host of it knew when the first server was killed. */
let before: { info: ProjectInfo; host: Host; done: Lease; inHand: Lease; afterwards: Lease; half: Buffer };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-backup-'));
  backup = join(folder, 'project.tar');
  const data = join(folder, 'first');
  server = await childServer(data);
  const staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
  await staff.push(modelCampaign('kept', { events: 300 }));
  const host = await Host.register(server.url);
  const [done, inHand] = (await host.leases(2)).leases;
  if (!done || !inHand) throw new Error('no leases');
  await host.finish(done, modelOutput(done.card));
  const half = Buffer.from(String(modelOutput(inHand.card)['blocks.jsonl']));
  await host.part(sha256(half), half.subarray(0, 50), 0, half.length);

  // Another host works while the backup is made.
  await staff.push(modelCampaign('busy', { events: 6000, seed: 3 }));
  const worker = await Host.register(server.url);
  const { leases } = await worker.leases(64);
  const others = leases.filter(({ campaign }) => campaign !== 'busy').map(({ id }) => id);
  await worker.send('POST', '/leases/release', { leases: others });
  let finishedUnits = 0;
  const working = (async () => {
    for (const lease of leases.filter(({ campaign }) => campaign === 'busy')) {
      await worker.finish(lease, modelOutput(lease.card));
      finishedUnits++;
    }
  })();
  await until('some of its work', async () => finishedUnits > 5);

  const { file, takenAt, serverVersion } = await staff.ask(StoreSnapshot, 'POST', '/staff/snapshots');
  expect((await stat(file)).mode & 0o077).toBe(0);
  await writeBackup(serverFiles(data), file, { takenAt, serverVersion }, backup);

  await working;

  const afterwards = await host.lease([inHand.id]);
  const info = ProjectInfo.parse((await host.send('GET', '/project')).json);
  before = { info, host, done, inHand, afterwards, half };
  await server.kill();
  await rm(data, { recursive: true });
});
afterAll(async () => {
  await server?.kill();
  await rm(folder, { recursive: true, force: true });
});

test('it is for its user only, and holds neither what is of the moment nor half a file', async () => {
  expect((await stat(backup)).mode & 0o077).toBe(0);
  expect(await readdir(folder)).toEqual(['project.tar']);
  const text = await readFile(backup, 'latin1');
  for (const name of [
    'project.key',
    'master.key',
    'staff.token',
    'metrics.token',
    'store.jsonl',
    'SHA256SUMS',
  ])
    expect(text).toContain(`${name}\0`);
  for (const name of ['endpoint.json', 'server.lock', 'snapshots/', 'database/'])
    expect(text).not.toContain(name);
});

test('on an empty machine it goes on with the leases in flight, and counts each result once', async () => {
  const data = join(folder, 'second');
  await restoreBackup(backup, data, new Date());
  expect(await readdir(data)).not.toContain('restoring');
  expect((await stat(join(data, 'project.key'))).mode & 0o077).toBe(0);
  server = await childServer(data);
  const { info, done, inHand, afterwards, half } = before;
  const staff = new Staff(server.url, server.staffToken);
  const host = new Host(server.url, { hostId: before.host.id, token: before.host.token ?? '' });
  expect(ProjectInfo.parse((await host.send('GET', '/project')).json)).toEqual(info);
  expect((await host.send('GET', '/health/ready')).status).toBe(200);

  // What was half uploaded goes on where it was, and what is told many times counts once.
  expect((await host.send('GET', `/uploads/${sha256(half)}`)).json).toEqual({ offset: 50, complete: false });
  await host.part(sha256(half), half.subarray(50), 50, half.length);
  const report = finished(inHand, modelOutput(inHand.card));
  const verdicts = await Promise.all([host.report(report), host.report(report), host.report(report)]);
  for (const verdict of verdicts) expect(verdict).toMatchObject({ state: 'valid', creditMicroseconds: 250 });
  expect(await host.report(finished(done, modelOutput(done.card)))).toMatchObject({ state: 'valid' });
  expect(await host.standing()).toMatchObject({ creditMicroseconds: 500, results: { valid: 2 } });

  // A lease given after the backup is nobody's: its number is not given again, its unit is.
  const lost = await host.send('POST', '/results', finished(afterwards, modelOutput(afterwards.card)));
  expect(refusal(lost, 404).code).toBe('unknown-lease');
  const again = (await host.leases(64)).leases.find(({ campaign }) => campaign === 'kept');
  if (!again) throw new Error('the unit was not given again');
  expect(again.card).toEqual(afterwards.card);
  expect(Number(again.id.slice(1))).toBeGreaterThan(1_000_000_000);
  expect(await host.finish(again, modelOutput(again.card))).toMatchObject({ state: 'valid' });
  const campaign = await staff.campaign('kept');
  expect(campaign).toMatchObject({ state: 'complete', unitsValid: 3, eventsValid: 300 });
  expect(campaign.points[0]).toMatchObject(modelSums([done.card, inHand.card, again.card]));

  // Objects, and the published software with the keys that go on publishing.
  const [program] = Object.values(modelPrograms);
  if (!program) throw new Error('no program');
  const anybody = new Client(server.url);
  expect((await anybody.send('GET', `/objects/${sha256(program)}`)).bytes).toEqual(program);
  const manifest = await fetch(`${server.url}/cvmfs/${info.software?.repository}/.cvmfspublished`);
  expect(manifest.status).toBe(200);
  await staff.publish({ ...modelRelease, version: '2' }, modelPrograms);
});

test('what was being done while it was made is in it up to one moment, and whole', async () => {
  const staff = new Staff(server.url, server.staffToken);
  const campaign = await staff.campaign('busy');
  const results = await staff.results('&campaign=busy&state=valid');
  expect(results.length).toBeGreaterThan(5);
  expect(results.length).toBe(campaign.unitsValid);
  expect(campaign.points[0]).toMatchObject(modelSums(results.map(({ card }) => card)));
  for (const { sha256: hash } of results.flatMap(({ files }) => files))
    expect(sha256((await staff.send('GET', `/objects/${hash}`)).bytes)).toBe(hash);
});

describe('a backup that is not sound is refused, and nothing is changed', () => {
  const refused = async (file: string, into = join(folder, 'never')): Promise<string> => {
    const had = await readdir(folder);
    const error = await restoreBackup(file, into, new Date()).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(BackupError);
    expect(await readdir(folder)).toEqual(had);
    return error instanceof Error ? error.message : '';
  };

  test('one byte is another, wherever it is', async () => {
    const sound = await readFile(backup);
    const file = join(folder, 'flipped.tar');
    const ends = sound.lastIndexOf('SHA256SUMS\0');
    expect(ends).toBeGreaterThan(0);
    for (let i = 0; i < 5; i++) {
      // Zeros may be what fills up a block, and nobody's.
      let at = Math.floor(((i + 0.5) / 5) * ends);
      while (sound[at] === 0) at++;
      const flipped = Buffer.from(sound);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      await writeFile(file, flipped);
      expect(await refused(file)).toMatch(/flipped\.tar is no whole backup .*; take another one$/);
    }
  });

  test('it is cut off, empty, something else, or not there', async () => {
    const cut = join(folder, 'cut.tar');
    const sound = await readFile(backup);
    for (const share of [0.3, 0.6, 0.9]) {
      await writeFile(cut, sound.subarray(0, Math.floor(sound.length * share)));
      expect(await refused(cut)).toContain('cut off');
    }
    await writeFile(cut, '');
    expect(await refused(cut)).toContain('cut off');
    await writeFile(cut, 'x'.repeat(10_000));
    expect(await refused(cut)).toContain('no tar archive');
    await writeFile(cut, sound.subarray(1024));
    expect(await refused(cut)).toContain('no whole backup');
    expect(await refused(join(folder, 'none.tar'))).toContain('can not be read');
  });

  test('the folder is in use', async () => {
    const other = join(folder, 'other');
    await mkdir(other);
    await writeFile(join(other, 'mine'), '');
    expect(await refused(backup, other)).toContain('other is not empty (mine is in it)');
    expect(await readdir(other)).toEqual(['mine']);
  });
});

test('a backup never replaces another', async () => {
  const size = (await stat(backup)).size;
  const again = writeBackup(
    serverFiles(join(folder, 'second')),
    backup,
    { takenAt: new Date().toISOString(), serverVersion: '1' },
    backup,
  );
  await expect(again).rejects.toThrow('is there already');
  const file = await open(backup);
  expect((await file.stat()).size).toBe(size);
  await file.close();
});

test('a server does not start on a restore that was killed', async () => {
  const data = join(folder, 'killed');
  await mkdir(join(data, 'restoring'), { recursive: true });
  await writeFile(join(data, 'project.key'), '');
  await expect(testServer({ dataFolder: data })).rejects.toThrow(
    'a restore that was cut off; empty it and restore the backup again',
  );
});
