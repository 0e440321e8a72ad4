import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../platform/files.ts';
import { childServer, NotStarted } from './testkit/child.ts';
import { Client, finished, Host, Staff } from './testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from './testkit/model.ts';
import { testServer } from './testkit/server.ts';

const isRoot = process.getuid?.() === 0;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-start-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a server that does not start says. */
async function refusalToStart(start: () => ReturnType<typeof childServer>): Promise<NotStarted> {
  try {
    const server = await start();
    await server.kill();
  } catch (error) {
    if (error instanceof NotStarted) return error;
    throw error;
  }
  throw new Error('it started');
}

test('a restart keeps everything: hosts, leases, uploads, results, credit, key and token', async () => {
  const server = await testServer();
  try {
    const staff = new Staff(server.url, server.staffToken);
    await staff.publish(modelRelease, modelPrograms);
    await staff.push(modelCampaign('kept', { events: 400, validation: { quorum: 2 } }));
    const [host, other] = [await Host.register(server.url), await Host.register(server.url)];
    const [one, two] = (await host.leases(2)).leases;
    if (!one || !two) throw new Error('no leases');
    await host.finish(one, modelOutput(one.card));
    const half = Buffer.from(modelOutput(two.card)['blocks.jsonl'] ?? '');
    await host.part(sha256(half), half.subarray(0, 50), 0, half.length);
    const before = {
      token: server.staffToken,
      invitation: server.invitation,
      project: (await host.send('GET', '/project')).json,
      campaign: await staff.campaign('kept'),
      results: await staff.results(),
      standing: await host.standing(),
      upload: (await host.send('GET', `/uploads/${sha256(half)}`)).json,
      leases: await host.leases(0, [one.id, two.id]),
    };
    expect(before.upload).toEqual({ offset: 50, complete: false });

    await server.restart();
    expect({
      token: server.staffToken,
      invitation: server.invitation,
      project: (await host.send('GET', '/project')).json,
      campaign: await staff.campaign('kept'),
      results: await staff.results(),
      standing: await host.standing(),
      upload: (await host.send('GET', `/uploads/${sha256(half)}`)).json,
      leases: await host.leases(0, [one.id, two.id]),
    }).toEqual(before);
    await host.part(sha256(half), half.subarray(50), 50, half.length);
    expect(await host.report(finished(two, modelOutput(two.card)))).toMatchObject({ state: 'pending' });
    for (const lease of (await other.leases(2)).leases)
      expect(await other.finish(lease, modelOutput(lease.card))).toMatchObject({ state: 'valid' });
    expect((await host.standing()).results).toMatchObject({ valid: 2, pending: 0 });
  } finally {
    await server.remove();
  }
});

test('it writes below its folder only, for its user only, and leaves no lock or endpoint behind', async () => {
  const server = await testServer();
  expect((await readdir(server.folder)).sort()).toEqual(
    [
      ...['database', 'endpoint.json', 'master.key', 'metrics.token', 'objects', 'project.key'],
      ...['repositories', 'server.lock', 'staff.token', 'uploads'],
    ].sort(),
  );
  for (const name of ['project.key', 'master.key', 'staff.token', 'metrics.token', 'endpoint.json'])
    expect((await stat(join(server.folder, name))).mode & 0o077).toBe(0);
  const endpoint = JSON.parse(await readFile(join(server.folder, 'endpoint.json'), 'utf8'));
  expect(endpoint).toEqual({ url: server.url, staffToken: server.staffToken, pid: process.pid });
  await server.restart();
  const copy = await readdir(server.folder);
  await server.remove();
  expect(copy).toContain('server.lock');
  await expect(readdir(server.folder)).rejects.toThrow('ENOENT');
});

describe('does not start, and says why', () => {
  test('where another server has the folder', async () => {
    const data = join(folder, 'shared');
    const first = await childServer(data);
    try {
      const { status, message } = await refusalToStart(() => childServer(data));
      expect(status).toBe(3);
      expect(message).toMatch(
        /^the data folder .*shared is already in use by process \d+ .*stop that one first/,
      );
      expect((await new Client(first.url).send('GET', '/health')).status).toBe(200);
    } finally {
      expect(await first.end()).toBe(0);
    }
    // Released, and a killed one's is taken over.
    const second = await childServer(data);
    await second.kill();
    const third = await childServer(data);
    expect(await third.end()).toBe(0);
    expect(await readdir(data)).not.toContain('server.lock');
  });

  test('where its port is taken', async () => {
    const taken: Server = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    try {
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      const data = join(folder, 'port');
      const { message } = await refusalToStart(() => childServer(data, { port }));
      expect(message).toContain(`port ${port} is taken by another program; stop it or choose another port`);
      // All was let go of: it starts elsewhere.
      const server = await childServer(data);
      expect(await server.end()).toBe(0);
    } finally {
      taken.close();
    }
  });

  test.skipIf(!isRoot)(
    'where it may not write (skipped unless root, who can become somebody else)',
    async () => {
      await chmod(folder, 0o755);
      const nobody = { spawn: { uid: 65_534, gid: 65_534 } };
      const { status, message } = await refusalToStart(() => childServer(join(folder, 'mine'), nobody));
      expect(status).toBe(3);
      expect(message).toMatch(/^the data folder .*mine can not be used: this user may not write there/);
    },
  );

  test.skipIf(!isRoot)('on a read-only disk (skipped unless root, who can mount one)', async () => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    const through = ['unshare', '-m', 'sh', '-c', `mount -t tmpfs -o ro tmpfs ${disk} && exec "$0" "$@"`];
    const said = async (data: string) => (await refusalToStart(() => childServer(data, { through }))).message;
    expect(await said(disk)).toMatch(/^the data folder .*disk can not be used: its disk is read-only/);
    expect(await said(join(disk, 'data'))).toMatch(
      /data can not be used: (its disk|it can not be made there)/,
    );
  });

  test('where a file is in the way', async () => {
    const path = join(folder, 'file');
    await writeFile(path, '');
    const { message } = await refusalToStart(() => childServer(path));
    expect(message).toMatch(/can not be used: it is not a folder/);
  });

  test('on a store that is not whole, or of another PostgreSQL', async () => {
    const data = join(folder, 'half');
    await mkdir(join(data, 'database'), { recursive: true });
    await writeFile(join(data, 'database', 'PG_VERSION'), '18\n');
    expect((await refusalToStart(() => childServer(data))).message).toContain(
      'is not a whole PostgreSQL data folder',
    );
    await mkdir(join(data, 'database', 'global'));
    await writeFile(join(data, 'database', 'global', 'pg_control'), '');
    await writeFile(join(data, 'database', 'PG_VERSION'), '15\n');
    expect((await refusalToStart(() => childServer(data))).message).toContain('is of PostgreSQL 15');
  });

  test('on a store that is damaged', async () => {
    const data = join(folder, 'damaged');
    const server = await childServer(data);
    await server.end();
    await writeFile(join(data, 'database', 'global', 'pg_control'), Buffer.alloc(8192, 1));
    const { message } = await refusalToStart(() => childServer(data));
    expect(message).toMatch(/can not be opened .*restore it from a backup/);
  });
});

test.skipIf(!isRoot)(
  'a full disk is told as such, and nothing acknowledged is lost (skipped unless root, who can mount a small one)',
  async () => {
    const disk = join(folder, 'small');
    await mkdir(disk);
    const through = [
      'unshare',
      '-m',
      'sh',
      '-c',
      `mount -t tmpfs -o size=96m tmpfs ${disk} && exec "$0" "$@"`,
    ];
    const server = await childServer(join(disk, 'data'), { through });
    try {
      const staff = new Staff(server.url, server.staffToken);
      await staff.publish(modelRelease, modelPrograms);
      await staff.push(modelCampaign('full'));
      const kept: string[] = [];
      for (;;) {
        const bytes = Buffer.alloc(3e6, kept.length);
        const reply = await staff.send('PUT', `/staff/objects/${sha256(bytes)}`, bytes);
        if (reply.status !== 200) {
          expect(reply).toMatchObject({ status: 503, json: { error: { code: 'disk-full' } } });
          expect(reply.headers.get('retry-after')).toBe('60');
          break;
        }
        kept.push(sha256(bytes));
        expect(kept.length).toBeLessThan(100);
      }
      const anybody = new Client(server.url);
      for (const hash of kept)
        expect(sha256((await anybody.send('GET', `/objects/${hash}`)).bytes)).toBe(hash);
      expect((await staff.campaign('full')).state).toBe('running');
    } finally {
      await server.end();
    }
  },
);

test('what a host left over long ago does not stand in the way of its new work', async () => {
  const server = await testServer();
  try {
    const staff = new Staff(server.url, server.staffToken);
    await staff.publish(modelRelease, modelPrograms);
    await staff.push(modelCampaign('room'));
    const host = await Host.register(server.url);
    await host.leases(1);
    const [old, next] = [Buffer.alloc(600_000, 1), Buffer.alloc(600_000, 2)];
    await host.upload(old);
    expect((await host.part(sha256(next), next, 0, next.length)).status).toBe(403);
    const hour = new Date(Date.now() - 3_600_000);
    await utimes(join(server.folder, 'uploads', host.id.slice(1), `${sha256(old)}.whole`), hour, hour);
    expect((await host.part(sha256(next), next, 0, 1_000_001)).status).toBe(403);
    expect((await host.send('GET', `/uploads/${sha256(old)}`)).json).toMatchObject({ complete: true });
    await host.upload(next);
    expect((await host.send('GET', `/uploads/${sha256(old)}`)).json).toEqual({ offset: 0, complete: false });
    // Nor may it send files without end, however small.
    const folder = join(server.folder, 'uploads', host.id.slice(1));
    const many = Array.from({ length: 999 }, (_, i) => join(folder, `${sha256(String(i))}.whole`));
    for (const path of many) await writeFile(path, '');
    const tiny = Buffer.from('tiny');
    const refused = await host.part(sha256(tiny), tiny, 0, tiny.length);
    expect([refused.status, refused.bytes.toString()]).toEqual([
      403,
      expect.stringContaining('has sent 1000 files'),
    ]);
    for (const path of many) await utimes(path, hour, hour);
    await host.upload(tiny);
    expect((await readdir(folder)).length).toBe(1000);
  } finally {
    await server.remove();
  }
});

test('an object that the disk has damaged is never served, and putting it again mends it', async () => {
  const server = await testServer();
  try {
    const staff = new Staff(server.url, server.staffToken);
    await staff.publish(modelRelease, modelPrograms);
    await staff.push(modelCampaign('damaged'));
    const host = await Host.register(server.url);
    const lease = await host.lease();
    const files = modelOutput(lease.card);
    const small = String(files['blocks.jsonl']);
    const report = finished(lease, files);
    if (report.outcome.state !== 'finished') throw new Error('not a report of outputs');
    for (const file of report.outcome.files) file.data = Buffer.from(small).toString('base64');
    await host.report(report);
    const [program] = Object.values(modelPrograms);
    if (!program) throw new Error('no program');
    const hash = sha256(program);
    await writeFile(
      join(server.folder, 'objects', hash.slice(0, 2), hash),
      program.toString().replace('a', 'b'),
    );
    const pack = join(server.folder, 'packs', '000001.pack');
    await writeFile(pack, (await readFile(pack, 'utf8')).replace('"firstEvent":0', '"firstEvent":7'));
    await server.restart();
    for (const name of [hash, sha256(small)]) {
      const damaged = await host.send('GET', `/objects/${name}`);
      expect(damaged).toMatchObject({ status: 410, json: { error: { code: 'object-damaged' } } });
      expect((await host.send('GET', `/objects/${name}`)).status).toBe(404);
    }
    expect((await staff.send('PUT', `/staff/objects/${hash}`, program)).json).toMatchObject({
      created: true,
    });
    expect((await host.send('GET', `/objects/${hash}`)).bytes).toEqual(program);
  } finally {
    await server.remove();
  }
});

test('uploads that nobody has reported for a week are forgotten, others stay', async () => {
  const server = await testServer();
  try {
    const staff = new Staff(server.url, server.staffToken);
    await staff.publish(modelRelease, modelPrograms);
    await staff.push(modelCampaign('forgotten'));
    const [host, other] = [await Host.register(server.url), await Host.register(server.url)];
    await host.leases(1);
    await other.leases(1);
    const [old, fresh] = [Buffer.from('old'), Buffer.from('fresh')];
    await host.upload(old);
    await other.upload(old);
    await other.upload(fresh);
    const week = new Date(Date.now() - 8 * 86_400_000);
    for (const id of [host.id, other.id])
      await utimes(join(server.folder, 'uploads', id.slice(1), `${sha256(old)}.whole`), week, week);
    await server.restart();
    const state = async (who: Host, bytes: Buffer) =>
      (await who.send('GET', `/uploads/${sha256(bytes)}`)).json;
    expect(await state(host, old)).toEqual({ offset: 0, complete: false });
    expect(await state(other, old)).toEqual({ offset: 0, complete: false });
    expect(await state(other, fresh)).toEqual({ offset: 5, complete: true });
    expect(await readdir(join(server.folder, 'uploads'))).toEqual([other.id.slice(1)]);
    // What is not reported is not to be had.
    expect((await new Client(server.url).send('GET', `/objects/${sha256(fresh)}`)).status).toBe(404);
  } finally {
    await server.remove();
  }
});
