import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { routes } from '../server/api/app.ts';
import { SETTINGS, ServerConfig, settingsOfEnvironment } from '../server/config.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const text = (name: string) => readFileSync(path(name), 'utf8');

test('the configuration file is one, and shows every setting', () => {
  // Those of a PostgreSQL server, a bucket and an institute are there to be uncommented.
  const all = text('server.yaml').replaceAll(/^# (?=database|objects|oidc)/gm, '');
  expect(Object.keys(ServerConfig.parse(parse(all))).sort()).toEqual([...SETTINGS].sort());
  expect(ServerConfig.parse(parse(text('server.yaml'))).database).toBeUndefined();
});

test('servers on PostgreSQL are the same servers, with settings that are some', () => {
  const { services } = z
    .object({
      services: z.object({
        server: z.object({
          environment: z.record(z.string(), z.string()),
          deploy: z.object({ replicas: z.number() }),
        }),
        postgresql: z.object({ image: z.string(), environment: z.record(z.string(), z.string()) }),
      }),
    })
    .parse(parse(text('compose.postgresql.yaml')));
  const { database, databasePasswordFile } = settingsOfEnvironment(services.server.environment);
  const { POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD_FILE } = services.postgresql.environment;
  expect(database).toBe(`postgres://${POSTGRES_USER}@postgresql/${POSTGRES_DB}`);
  expect(databasePasswordFile).toBe(POSTGRES_PASSWORD_FILE);
  expect(services.server.deploy.replicas).toBe(2);
});

test('every setting is told of in the documentation', () => {
  const told = text('../docs/operations.md');
  for (const name of SETTINGS) expect(told).toContain(`| \`${name}\``);
});

test('image, compose file and manifests set what is a setting', () => {
  const image = Object.fromEntries(
    [...text('Dockerfile').matchAll(/(BEAMTIME_\w+)=(\S+)/g)].map(([, name = '', value]) => [name, value]),
  );
  expect(Object.keys(settingsOfEnvironment(image)).sort()).toEqual(['data', 'host', 'logFile', 'port']);

  const { services } = z
    .object({ services: z.object({ server: z.object({ environment: z.record(z.string(), z.string()) }) }) })
    .parse(parse(text('compose.yaml')));
  const filled = Object.entries(services.server.environment).map(([name, value]) => [
    name,
    value.replace(/\$\{[^}]*\}/, 'example.org'),
  ]);
  expect(settingsOfEnvironment(Object.fromEntries(filled))).toMatchObject({
    publicUrl: 'https://example.org',
  });

  const variables = parseAllDocuments(text('kubernetes.yaml')).flatMap((document) => {
    const found: [string, string][] = [];
    JSON.stringify(document.toJS(), (_key, value) => {
      if (typeof value?.name === 'string' && typeof value.value === 'string')
        found.push([value.name, value.value]);
      return value;
    });
    return found;
  });
  expect(settingsOfEnvironment(Object.fromEntries(variables))).toMatchObject({ name: 'My project' });
});

test('what is asked for health is a route', () => {
  const asked = ['Dockerfile', 'kubernetes.yaml'].flatMap((name) => [
    ...text(name).matchAll(/\/api\/v1(\/health\/\w+)/g),
  ]);
  expect(asked.length).toBeGreaterThan(2);
  const paths = routes.map((route) => route.path);
  for (const [, health] of asked) expect(paths).toContain(health);
});

const canVerify = spawnSync('systemd-analyze', ['--version']).status === 0 && existsSync('/usr/bin/node');
test.skipIf(!canVerify)(
  'systemd takes the units, and finds little exposed (needs systemd-analyze and /usr/bin/node)',
  () => {
    const units = ['beamtime-server.service', 'beamtime-backup.service', 'beamtime-backup.timer'];
    const verified = spawnSync(
      'systemd-analyze',
      ['verify', ...units.map((name) => path(`systemd/${name}`))],
      {
        encoding: 'utf8',
      },
    );
    expect([verified.status, verified.stderr]).toEqual([0, '']);
    const threshold = ['security', '--offline=true', '--threshold=20'];
    const rated = spawnSync('systemd-analyze', [...threshold, path('systemd/beamtime-server.service')], {
      encoding: 'utf8',
    });
    expect([rated.status, rated.stdout.match(/Overall exposure level .*/)?.[0]]).toEqual([
      0,
      expect.stringMatching(/: 1\.\d OK/),
    ]);
  },
);
