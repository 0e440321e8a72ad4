import { randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeKeys } from '../../cvmfs/testkit/keys.ts';
import { makeRepository } from '../../cvmfs/testkit/made-repository.ts';
import { forwardProxy } from '../../cvmfs/testkit/proxy.ts';
import { serveRepository, type TestServer } from '../../cvmfs/testkit/server.ts';
import { makeHome } from '../testkit/run.ts';
import { pattern } from './look.ts';

const NAME = 'sw.example.org';
const keys = makeKeys();
const big = randomBytes(1_500_000);
let home: Awaited<ReturnType<typeof makeHome>>;
let server: TestServer;
const at = (path: string) => `/cvmfs/${NAME}${path}`;

beforeAll(async () => {
  home = await makeHome();
  writeFileSync(join(home.folder, 'sw.pub'), keys.masterPublicPem);
  writeFileSync(join(home.folder, 'other.pub'), makeKeys().masterPublicPem);
  const files = { '/1.0/bin/tool': 'run me', '/1.0/data': big, '/latest': '@1.0', '/1.0/\xc3\xa9': 'é' };
  server = await serveRepository(
    NAME,
    makeRepository({ name: NAME, keys, files, nested: ['/1.0'], pieceBytes: 400_000 }),
  );
});
afterAll(() => home.remove());

const run = (...args: string[]) =>
  home.run('cvmfs', ...args, '--key', 'sw.pub', '--server', server.url.replace(NAME, '@fqrn@'));

it('looks around', async () => {
  expect(await run('ls', at(''))).toEqual({ code: 0, out: '1.0\nlatest\n', err: '' });
  expect((await run('ls', '-l', at('/latest/'))).out).toMatch(
    /^drwxr-xr-x +2 .* bin\n-rw-r--r-- +1 +1,500,000 .* data\n.* é\n$/,
  );
  expect((await run('cat', at('/latest/bin/tool'))).out).toBe('run me');
  expect((await run('cat', at('/1.0/é'))).out).toBe('é');
  expect(JSON.parse((await run('stat', at('/latest'), '--json')).out)).toMatchObject({
    kind: 'symlink',
    target: '1.0',
    revision: 1,
  });
  expect((await run('find', at('/'), '--name', 't*l', '--type', 'f')).out).toBe(`${at('/1.0/bin/tool')}\n`);
});

it('copies, and writes nothing over', async () => {
  expect((await run('cp', at('/1.0'), '.')).err).toContain('--recursive');
  expect(await run('cp', '-r', at(''), 'copy')).toMatchObject({
    code: 0,
    out: 'copy: 3 files, 1,500,008 bytes\n',
  });
  expect(readFileSync(join(home.folder, 'copy/1.0/data')).equals(big)).toBe(true);
  expect(readlinkSync(join(home.folder, 'copy/latest'))).toBe('1.0');
  expect(lstatSync(join(home.folder, 'copy/1.0/bin/tool')).mtimeMs).toBe(1_790_000_000_000);
  expect(await run('cp', '-r', at('/1.0/data'), 'sw.pub')).toMatchObject({
    code: 1,
    err: expect.stringContaining('already'),
  });
});

it('notes what is read, has it loaded ahead by a later run, and goes through proxies', async () => {
  const proxy = await forwardProxy();
  await run('cat', at('/latest/bin/tool'), '--record', 'profile.json');
  const { repository, objects } = JSON.parse(readFileSync(join(home.folder, 'profile.json'), 'utf8'));
  expect([repository, objects.length]).toEqual([NAME, 3]);
  const ahead = await run(
    ...['cat', at('/latest/bin/tool'), '--profile', 'profile.json', '--cache', 'new', '--proxy', proxy.url],
  );
  expect(ahead).toEqual({ code: 0, out: 'run me', err: '' });
  expect(proxy.asked.filter((path) => path.includes('/data/'))).toHaveLength(1 + objects.length);
  expect(await run('ls', at(''), '--profile', 'sw.pub')).toMatchObject({
    code: 2,
    err: 'beamtime: sw.pub is no profile that --record wrote\n',
  });
  expect(await run('ls', at(''), '--proxy', 'auto')).toMatchObject({
    code: 2,
    err: expect.stringContaining('name them'),
  });
});

it('says what is wrong', async () => {
  expect(await run('cat', at('/none'))).toMatchObject({
    code: 1,
    err: `beamtime: /none: there is no such file or folder\n`,
  });
  expect(await run('ls', '/elsewhere')).toMatchObject({ code: 2 });
  expect(
    await home.run('cvmfs', 'ls', at(''), '--key', 'other.pub', '--server', server.url, '--cache', 'other'),
  ).toMatchObject({
    code: 4,
    err: expect.stringContaining('master keys'),
  });
  await server.stop();
  const offline = await run('cat', at('/latest/bin/tool'));
  expect(offline).toMatchObject({
    code: 0,
    out: 'run me',
    err: expect.stringContaining('reading what is cached'),
  });
  expect(await home.run('cvmfs', 'ls', at(''), '--key', 'sw.pub', '--cache', 'empty')).toMatchObject({
    code: 3,
  });
});

it('matches names as a shell does', () => {
  for (const [glob, name, is] of [
    ['*', 'x', true],
    ['*.so*', 'liba.so.1', true],
    ['?b', 'ab', true],
    ['?b', 'b', false],
    ['a*b*c', 'aXXbXX', false],
    ['', 'a', false],
    ['*é', '\xc3\xa9', true],
  ] as const) {
    expect(pattern(glob)(name), glob).toBe(is);
  }
});
