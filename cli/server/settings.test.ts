import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Input } from '../command.ts';
import { RefusedError, UsageError } from '../errors.ts';
import { makeTerminal } from '../terminal.ts';
import { bucketOf, databaseOf, instituteOf, serverSettings, showSettings } from './settings.ts';

let folder = '';
let file = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-settings-'));
  file = join(folder, 'server.yaml');
});
afterAll(() => rm(folder, { recursive: true }));

/** What a command is given by its options and variables; the file is the one written last. */
function given(options: Record<string, string>, env: Record<string, string> = {}): Input {
  const out = { write: () => true };
  return {
    positionals: [],
    terminal: makeTerminal(out, out, { json: false, env: {} }),
    env: { BEAMTIME_DATA: folder, ...env },
    stopping: new AbortController().signal,
    text: (option) => ({ config: file, ...options })[option],
    flag: () => false,
  };
}

test('options go over variables, these over the file, that over what is usual', async () => {
  await writeFile(
    file,
    '# ours\nname: From the file\nhost: 0.0.0.0\nport: 1000\ndata: kept\ntrustedProxies: [10.0.0.0/8]\n',
  );
  const settings = await serverSettings(
    given({ port: '3000' }, { BEAMTIME_SERVER_PORT: '2000', BEAMTIME_SERVER_HOST: '127.0.0.2' }),
  );
  expect(settings.values).toEqual({
    name: 'From the file',
    host: '127.0.0.2',
    port: 3000,
    // A path in the file is beside it.
    data: join(folder, 'kept'),
    trustedProxies: ['10.0.0.0/8'],
    logLevel: 'info',
    logFile: join(folder, 'kept', 'server.log'),
  });
  expect(showSettings(settings)).toBe(
    [
      `name: "From the file" # ${file}:2`,
      `data: "${join(folder, 'kept')}" # ${file}:5`,
      '# database: not set',
      '# databasePasswordFile: not set',
      '# objects: not set',
      '# objectsRegion: not set',
      '# objectsAccessKey: not set',
      '# objectsSecretFile: not set',
      'host: "127.0.0.2" # BEAMTIME_SERVER_HOST',
      'port: 3000 # --port',
      '# publicUrl: not set',
      `trustedProxies: ["10.0.0.0/8"] # ${file}:6`,
      '# oidcIssuer: not set',
      '# oidcClientId: not set',
      '# oidcClientSecretFile: not set',
      '# oidcName: not set',
      '# oidcStaff: not set',
      'logLevel: "info" # default',
      `logFile: "${join(folder, 'kept', 'server.log')}" # default`,
      '',
    ].join('\n'),
  );
  // What is printed is itself a configuration, with the same meaning.
  await writeFile(file, showSettings(settings));
  expect((await serverSettings(given({}))).values).toEqual(settings.values);
});

test('the password of a database is read from a file, and stands nowhere else', async () => {
  await writeFile(join(folder, 'secret'), 'kept in a file\n');
  await writeFile(file, 'database: postgres://beamtime@db/project\ndatabasePasswordFile: secret\n');
  const settings = await serverSettings(given({}));
  expect(await databaseOf(settings)).toEqual({
    url: 'postgres://beamtime@db/project',
    password: 'kept in a file',
  });
  expect(showSettings(settings)).not.toContain('kept in a file');
  await rm(join(folder, 'secret'));
  await expect(databaseOf(settings)).rejects.toThrow(/secret, the password of the database: ENOENT/);

  const open = 'postgres://beamtime:in-the-open@db/project';
  const refused = await Promise.allSettled([
    serverSettings(given({ database: open })),
    serverSettings(given({}, { BEAMTIME_SERVER_DATABASE: open })),
    writeFile(file, `database: ${open}\n`).then(() => serverSettings(given({}))),
  ]);
  for (const one of refused) {
    const message = one.status === 'rejected' ? String(one.reason) : 'taken';
    expect(message).toMatch(
      /database: keeps no secret: say the password in databasePasswordFile|DATABASE: keeps/,
    );
    expect(message).not.toContain('in-the-open');
  }
});

test('a bucket is said in the file, but for its secret, or all of it as for the tools of Amazon', async () => {
  await writeFile(join(folder, 'bucket'), 'kept apart\n');
  const named = 'objects: https://s3.example.org/b/p\n';
  await writeFile(
    file,
    `${named}objectsRegion: eu-west-1\nobjectsAccessKey: us\nobjectsSecretFile: bucket\n`,
  );
  const settings = await serverSettings(given({}));
  const url = 'https://s3.example.org/b/p';
  const env = { AWS_ACCESS_KEY_ID: 'them', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't' };
  expect(await bucketOf(settings, env)).toEqual({
    ...{ url, credentials: { accessKeyId: 'us', secretAccessKey: 'kept apart', region: 'eu-west-1' } },
  });
  expect(showSettings(settings)).not.toContain('kept apart');
  await rm(join(folder, 'bucket'));
  await expect(bucketOf(settings, env)).rejects.toThrow(/bucket, the secret of the bucket: ENOENT/);
  await writeFile(file, named);
  expect(await bucketOf(await serverSettings(given({})), env)).toEqual({
    ...{
      url,
      credentials: { accessKeyId: 'them', secretAccessKey: 's', sessionToken: 't', region: 'us-east-1' },
    },
  });
  await expect(bucketOf(await serverSettings(given({})), {})).rejects.toThrow(
    /server\.yaml:1: a bucket wants/,
  );
  await writeFile(file, 'objects: https://key:in-the-open@s3.example.org/b\n');
  const refused = await serverSettings(given({})).catch((error: unknown) => String(error));
  expect(refused).toMatch(/objects: is no bucket without keys/);
  expect(refused).not.toContain('in-the-open');
  await writeFile(file, '');
  expect(await bucketOf(await serverSettings(given({})), env)).toBeUndefined();
});

test('an institute is said in the file, but for its secret', async () => {
  await writeFile(join(folder, 'oidc'), 'kept apart\n');
  const named = 'oidcIssuer: https://sso.example.org/realms/x\noidcClientId: beamtime\n';
  await writeFile(file, `${named}oidcClientSecretFile: oidc\noidcStaff: groups=a=b\n`);
  const settings = await serverSettings(given({}));
  expect(await instituteOf(settings, {})).toEqual({
    ...{ issuer: 'https://sso.example.org/realms/x', clientId: 'beamtime', clientSecret: 'kept apart' },
    ...{ name: 'sso.example.org', staff: { claim: 'groups', value: 'a=b' } },
  });
  expect(showSettings(settings)).not.toContain('kept apart');
  await rm(join(folder, 'oidc'));
  await expect(instituteOf(settings, {})).rejects.toThrow(/oidc, the secret of .*: ENOENT/);

  await writeFile(file, named);
  const env = { BEAMTIME_OIDC_CLIENT_SECRET: 'by the environment' };
  expect(await instituteOf(await serverSettings(given({})), env)).toMatchObject({
    ...{ clientSecret: 'by the environment', staff: null },
  });
  expect(await instituteOf(await serverSettings(given({})), {})).toMatchObject({ clientSecret: null });
  await writeFile(file, 'oidcIssuer: https://sso.example.org\n');
  await expect(instituteOf(await serverSettings(given({})), {})).rejects.toThrow(
    /server\.yaml:1: .*oidcClientId/,
  );
  await writeFile(file, '');
  expect(await instituteOf(await serverSettings(given({})), env)).toBeUndefined();
});

test('an empty file, and one of comments, say nothing', async () => {
  for (const text of ['', '# name: x\n']) {
    await writeFile(file, text);
    expect((await serverSettings(given({}))).values).toMatchObject({
      name: 'Beamtime project',
      host: '127.0.0.1',
      data: join(folder, 'project'),
    });
  }
});

test.each([
  ['oidcIssuer: http://sso.example.org', /server\.yaml:1: oidcIssuer: must begin with https/],
  ['oidcStaff: groups', /server\.yaml:1: oidcStaff: is no claim/],
  ['port: 70000', /server\.yaml:1: port: .*65535/],
  ['name: x\nport: http', /server\.yaml:2: port: .*expected number/],
  ['name: x\n\nprot: 1', /server\.yaml:3: "prot" is not known here; check the spelling/],
  [
    'host: x\ntrustedProxies:\n  - 10.0.0.0/8\n  - nonsense',
    /server\.yaml:4: trustedProxies\.1: is no address/,
  ],
  ['publicUrl: https://example.org/path', /server\.yaml:1: publicUrl: .*own paths/],
  ['logLevel: loud', /server\.yaml:1: logLevel: /],
  ['name: [', /server\.yaml:\d+: /],
  ['- a\n- b', /server\.yaml:1: .*expected object/],
  ['name: x\nname: y', /server\.yaml:2: /],
])('%j is refused with file, line and path', async (text, message) => {
  await writeFile(file, text);
  const refused = serverSettings(given({}));
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toThrow(RefusedError);
});

test('a wrong option or variable is told by its name, a file that is not there by its own', async () => {
  await writeFile(file, '');
  await expect(serverSettings(given({ port: 'x' }))).rejects.toThrow(/^--port: .*\(it is "x"\)/);
  await expect(serverSettings(given({ port: 'x' }))).rejects.toThrow(UsageError);
  await expect(serverSettings(given({}, { BEAMTIME_SERVER_PORT: '-1' }))).rejects.toThrow(
    /^BEAMTIME_SERVER_PORT: /,
  );
  await expect(serverSettings(given({ config: join(folder, 'none') }))).rejects.toThrow(
    /none: there is no such file/,
  );
});
