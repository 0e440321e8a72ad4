import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeKeys } from '../../cvmfs/testkit/keys.ts';
import { makeRepository } from '../../cvmfs/testkit/made-repository.ts';
import { serveRepository, type TestServer } from '../../cvmfs/testkit/server.ts';
import { makeHome } from '../testkit/run.ts';
import { mustMount, parseMountInfo, servedBy } from './kernel-mount.ts';

const NAME = 'mounted.example.org';
const keys = makeKeys();
let home: Awaited<ReturnType<typeof makeHome>>;
let server: TestServer;

beforeAll(async () => {
  home = await makeHome();
  writeFileSync(join(home.folder, 'sw.pub'), keys.masterPublicPem);
  mkdirSync(join(home.folder, 'at'));
  const files = { '/1.0/data': 'content', '/latest': '@1.0' };
  server = await serveRepository(NAME, makeRepository({ name: NAME, keys, files }));
});
afterAll(() => home.remove());

const missing = await mustMount().then(
  () => null,
  (error: Error) => error.message,
);
/** By a process of its own: this one answers what the mount asks for. */
const read = async (path: string) => (await promisify(execFile)('cat', [path])).stdout;
const mount = (at: string) => ['cvmfs', 'mount', NAME, at, '--key', 'sw.pub', '--server', server.url];

it('knows what the kernel has mounted, and for whom', () => {
  const text = [
    '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw',
    '90 22 0:52 / /mnt/a\\040b ro,nosuid - fuse.beamtime beamtime-123 ro,user_id=0',
    '91 22 0:53 / /other ro master:2 propagate_from:1 - fuse.sshfs beamtime-9 ro',
    '',
  ].join('\n');
  const mounted = parseMountInfo(text);
  expect(mounted.map(({ mountpoint, type }) => [mountpoint, type])).toEqual([
    ['/', 'ext4'],
    ['/mnt/a b', 'fuse.beamtime'],
    ['/other', 'fuse.sshfs'],
  ]);
  expect(mounted.map(servedBy)).toEqual([null, 123, null]);
});

it.skipIf(missing === null)('says what is missing where it cannot mount, and what to do', async () => {
  const { code, out, err } = await home.run(...mount('at'));
  expect([code, out]).toEqual([1, '']);
  expect(err).toBe(`beamtime: ${missing}\n`);
  expect(err).toMatch(/(root|FUSE|fuse).*"beamtime cvmfs ls"/);
});

it.skipIf(missing !== null)(
  `mounts, also without network, and clears up after one that was killed${missing === null ? '' : ' (skipped: no root, or no FUSE)'}`,
  async () => {
    const at = join(home.folder, 'at');
    const killed = await home.stay(mount('at'), /is mounted/);
    expect(await read(join(at, 'latest/data'))).toBe('content');
    expect((await home.run(...mount('at'))).err).toContain('mounted already');
    killed.child.kill('SIGKILL');
    await new Promise((resolve) => killed.child.once('close', resolve));
    await server.stop();
    const later = await home.stay(mount('at'), /is mounted/);
    expect(await read(join(at, '1.0/data'))).toBe('content');
    expect(await later.end()).toMatchObject({ code: 0 });
    expect(readdirSync(at)).toEqual([]);
  },
);
