import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ObjectCache, parseMasterKeys, Repository } from '../../../cvmfs/read/index.ts';
import { s3Bucket } from '../../../cvmfs/testkit/bucket.ts';
import { makeKeys } from '../../../cvmfs/testkit/keys.ts';
import { forwardProxy } from '../../../cvmfs/testkit/proxy.ts';
import { serveRepository } from '../../../cvmfs/testkit/server.ts';
import { readArguments } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { makeTerminal } from '../../terminal.ts';
import { makeHome } from '../../testkit/run.ts';
import { CVMFS_ACTIONS } from '../actions.ts';

const NAME = 'sw.example.org';
let home: Awaited<ReturnType<typeof makeHome>>;
beforeAll(async () => {
  home = await makeHome();
  // Small keys are made faster.
  const key = makeKeys().masterKey.export({ type: 'pkcs8', format: 'pem' });
  mkdirSync(at('usb'));
  writeFileSync(at('usb/master.key'), key, { mode: 0o600 });
});
afterAll(() => home.remove());

/** In the environment. */
let keys: Record<string, string> = {};
const at = (...path: string[]) => join(home.folder, ...path);

/** The command as main() runs it, without a process for each. */
async function cvmfs(action: string, ...args: string[]) {
  const command = await CVMFS_ACTIONS.find(({ name }) => name === `cvmfs ${action}`)?.load();
  if (!command) throw new Error(`there is no ${action}`);
  let [out, err] = ['', ''];
  const taking = (take: (text: string) => void) => ({
    write: (data: string | Uint8Array) => take(String(data)),
  });
  try {
    const { values, positionals } = readArguments(command, args);
    const text = (option: string) => {
      const value = values[option];
      return typeof value === 'string' ? value : undefined;
    };
    const env = { BEAMTIME_DATA: at('data'), ...keys };
    const [json, flag] = [values.json === true, (option: string) => values[option] === true];
    const terminal = makeTerminal(
      taking((more) => {
        out += more;
      }),
      taking((more) => {
        err += more;
      }),
      { json, env },
    );
    const stopping = new AbortController().signal;
    return { code: await command.run({ positionals, terminal, env, stopping, text, flag }), out, err };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { code: error.exitCode, out, err: error.message };
  }
}

it('takes staff from nothing to a repository that volunteers read', async () => {
  const made = await cvmfs(
    'create',
    NAME,
    '--folder',
    at('served'),
    '--master-key',
    at('usb/master.key'),
    '--json',
  );
  expect(made).toMatchObject({ code: 0, err: '' });
  const { publicKey, publisher } = JSON.parse(made.out);
  expect([statSync(at('usb/master.key')).mode & 0o777, statSync(publisher).mode & 0o777]).toEqual([
    0o600, 0o700,
  ]);
  expect(
    await cvmfs('create', NAME, '--folder', at('served'), '--master-key', at('usb/master.key')),
  ).toMatchObject({
    code: 1,
    err: expect.stringContaining('already'),
  });
  mkdirSync(at('software/1.0'), { recursive: true });
  writeFileSync(at('software/1.0/tool'), 'run me');
  await sleep(80);
  const dry = await cvmfs('publish', NAME, at('software'), '--dry-run');
  expect(dry.out).toContain('+ /1.0/tool\n');
  expect(dry.out).toContain('Would publish: 2 added, 1 changed, 0 removed');
  const first = await cvmfs('publish', NAME, at('software'), '--tag', 'v1', '--message', 'the first');
  expect(first.out).toMatch(
    /Revision 1: 2 added, 1 changed, 0 removed\n1 files \(0 not read.* files\/s, .* MB\/s\n$/s,
  );
  expect((await cvmfs('publish', NAME, at('software'))).out).toMatch(/Nothing has changed.*\(1 not read/s);
  const server = await serveRepository(NAME, at('served'));
  const cache = await ObjectCache.open(at('cache'), 1e8);
  const repository = await Repository.open({
    repository: NAME,
    servers: [server.url],
    masterKeys: parseMasterKeys(readFileSync(publicKey, 'utf8')),
    cache,
    stateFolder: at('cache'),
  });
  expect((await repository.snapshot.readFile('/1.0/tool')).toString()).toBe('run me');
  await repository.close();

  rmSync(at('usb'), { recursive: true });
  writeFileSync(at('software/2.0'), 'more');
  expect(await cvmfs('publish', NAME, at('software'), '--json')).toMatchObject({ code: 0 });
  expect((await home.run('cvmfs', 'list-tags', NAME)).out).toMatch(
    /^v1 +1 .*the first\nThe newest revision is 2\n$/ms,
  );
  expect((await cvmfs('diff', NAME, 'v1')).out).toContain('+ /2.0\n');
  expect((await cvmfs('rollback', NAME, 'v1')).out).toBe('Revision 3 is as v1 was\n');
  expect(await cvmfs('check', at('served'), '--key', publicKey)).toMatchObject({ code: 0, err: '' });
  expect((await cvmfs('gc', NAME, '--keep-revisions', '1', '--keep-days', '0')).out).toMatch(
    /^Removed \d+ objects/,
  );
  const late = await cvmfs('resign', NAME, '--master-key', at('usb/master.key'));
  expect(late).toMatchObject({ code: 1, err: expect.stringContaining('master key cannot be read') });
  expect(
    await cvmfs('replicate', NAME, '--from', server.url, '--key', publicKey, '--to', at('copy')),
  ).toMatchObject({
    code: 0,
    out: expect.stringContaining('Revision 3'),
  });
  expect(readFileSync(at('copy/.cvmfspublished')).equals(readFileSync(at('served/.cvmfspublished')))).toBe(
    true,
  );
  rmSync(at('served/data'), { recursive: true });
  expect(await cvmfs('check', at('served'))).toMatchObject({ code: 4 });
});

it('keeps a copy in a bucket, and replicates through proxies from whichever server is there', async () => {
  const bucket = await s3Bucket(at('store'));
  try {
    const place = `${bucket.url}/sw`;
    const create = ['--folder', at('b'), '--master-key', at('usb/master.key'), '--bucket', place];
    expect(await cvmfs('create', 'b.example.org', ...create)).toMatchObject({
      code: 2,
      err: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    });
    keys = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };
    expect(await cvmfs('create', 'b.example.org', ...create)).toMatchObject({ code: 0 });
    mkdirSync(at('in-bucket'));
    writeFileSync(at('in-bucket/one'), 'one');
    expect(await cvmfs('publish', 'b.example.org', at('in-bucket'))).toMatchObject({
      code: 0,
      err: expect.stringContaining(`${place}: `),
    });
    const key = at('data/project/repositories/b.example.org/b.example.org.pub');
    expect(await cvmfs('check', place, '--key', key)).toMatchObject({
      code: 0,
      out: expect.stringContaining('Revision 1'),
    });

    const proxy = await forwardProxy();
    // Nothing listens at the first of each.
    const from = `http://127.0.0.1:1/x,${place}`;
    const proxies = `http://127.0.0.1:1;${proxy.url}`;
    const copy = ['--key', key, '--to', at('from-bucket'), '--from', from, '--proxy', proxies];
    expect(await cvmfs('replicate', 'b.example.org', ...copy)).toMatchObject({
      code: 0,
      out: expect.stringContaining('Revision 1'),
    });
    expect(proxy.asked.some((url) => url.startsWith(`${place}/data/`))).toBe(true);
    expect(await cvmfs('check', at('from-bucket'), '--key', key)).toMatchObject({ code: 0 });
    expect(await cvmfs('replicate', 'b.example.org', ...copy, '--proxy', 'ftp://x')).toMatchObject({
      code: 2,
    });

    await bucket.stop();
    writeFileSync(at('in-bucket/one'), 'two');
    expect(await cvmfs('publish', 'b.example.org', at('in-bucket'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('the copy in the bucket is still as it was'),
    });
  } finally {
    keys = {};
    await bucket.stop();
  }
});

it('says what is wrong, and warns before the whitelist runs out', async () => {
  expect(await cvmfs('publish', 'none.example.org', '.')).toMatchObject({
    code: 1,
    err: expect.stringContaining('no publisher'),
  });
  expect(await cvmfs('publish', '../x', '.')).toMatchObject({ code: 2 });
  const places = ['--folder', at('soon'), '--master-key', at('m.key'), '--days', '2'];
  expect(await cvmfs('create', 'soon.example.org', ...places)).toMatchObject({ code: 0 });
  mkdirSync(at('little'));
  expect(await cvmfs('publish', 'soon.example.org', at('little'))).toMatchObject({
    code: 0,
    err: expect.stringMatching(/WARNING: .* runs out in \d days/),
  });
  expect(await cvmfs('publish', 'soon.example.org', at('missing'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('no folder'),
  });
  expect(await cvmfs('import', 'soon.example.org', 'zip', 'x')).toMatchObject({ code: 2 });
  expect(await cvmfs('publish', 'soon.example.org', at('.'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('cannot hold itself'),
  });
});
