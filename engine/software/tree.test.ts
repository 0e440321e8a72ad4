import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { pushDocument } from '../../cli/push.ts';
import { sha256File } from '../../platform/files.ts';
import type { EngineState } from '../../protocol/engine-api.ts';
import { Staff } from '../../server/testkit/client.ts';
import { testServer } from '../../server/testkit/server.ts';
import { bootedOnce } from '../capsules/qemu/testkit/snapshots.ts';
import { engineFiles } from '../filenames.ts';
import { Network } from '../testkit/network.ts';
import { TestEngine } from '../testkit/real-engine.ts';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const APPLIANCE = at('build/appliance/appliance.yaml');
const EVGEN = at('build/evgen/evgen-x86_64-linux');
const undo: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

/** The generator as a folder of files with a command in it, as programs of others are. */
async function project() {
  const server = await testServer();
  undo.push(() => server.remove());
  const { url, staffToken } = server;
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-tree-'));
  undo.push(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'tree/bin'), { recursive: true });
  await copyFile(EVGEN, join(folder, 'tree/bin/evgen'));
  await writeFile(join(folder, 'tree/unused'), 'nobody reads this');
  const { references: _, ...document } = parse(readFileSync(at('physics/evgen/release.yaml'), 'utf8'));
  const release = {
    ...document,
    version: 'tree',
    command: 'bin/evgen',
    programs: { 'x86_64-linux': 'tree' },
  };
  await writeFile(join(folder, 'release.yaml'), JSON.stringify(release));
  for (const file of [join(folder, 'release.yaml'), APPLIANCE]) await pushDocument({ file, url, staffToken });
  const staff = new Staff(url, staffToken);
  const campaign = (name: string, events: number) =>
    staff.push({
      ...{ kind: 'campaign', name, title: name, application: 'evgen', version: 'tree' },
      ...{
        parameters: { stages: [], energyGeV: 91.19 },
        events,
        eventsPerUnit: events,
        blockEvents: events / 10,
      },
      ...{ leaseMinutes: 30, validation: { quorum: 1 } },
    });
  return { server, campaign };
}

test('a program that is a tree is read by its guest as it runs; what cannot be read is no fault of the unit', {
  timeout: 400_000,
}, async ({ skip }) => {
  if (!existsSync(APPLIANCE)) return skip('there is no micro appliance here (build/appliance)');
  const { server, campaign } = await project();
  const network = await Network.start(() => server.url);
  undo.push(() => network.close());
  const asked: string[] = [];
  network.mischief = {
    request: (chunk) => {
      asked.push(...(chunk.toString('latin1').match(/^GET \S+/gm) ?? []));
      return chunk;
    },
  };
  const booted = await bootedOnce();
  const dataFolder = await mkdtemp(join(tmpdir(), 'beamtime-engine-'));
  const files = engineFiles(dataFolder);
  await symlink(booted.snapshots, files.snapshots);
  await copyFile(booted.machine, files.machine);
  await campaign('first', 10_000);
  const invitation = network.invitation(server.invitation);
  const engine = await TestEngine.start({ dataFolder, invitation, capsule: 'qemu' });
  undo.push(() => engine.remove());
  const patience = { timeout: 180_000, interval: 200 };
  const valid = (count: number) =>
    engine.until(
      ({ finished }) => finished.filter(({ verdict }) => verdict === 'valid').length === count,
      patience,
    );
  await valid(1);
  expect(asked.filter((one) => one.includes('/objects/'))).toEqual([]);
  expect(await readdir(files.objects)).not.toContain(await sha256File(EVGEN));

  await campaign('second', 300_000);
  await engine.ask('POST', '/work/retry');
  // Its release is here then.
  const begun = ({ running }: EngineState) =>
    running.some(({ state, done }) => done === 0 && (state === 'starting' || state === 'running'));
  await engine.until(begun, { ...patience, interval: 50 });
  network.away(true);
  await engine.stop();
  await rm(join(files.software, 'objects'), { recursive: true });
  await engine.start();
  await expect.poll(() => engine.log(), patience).toContain('the program could not be read; begun again');
  network.away(false);
  await engine.ask('POST', '/work/retry');
  const { finished } = await valid(2);
  expect(finished.filter(({ verdict }) => verdict !== 'valid')).toEqual([]);
});
