import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { DebianError } from '../appliance/debian.ts';
import { buildApplication } from '../applications/build.ts';
import { pushDocument } from '../cli/push.ts';
import { bootedBefore } from '../engine/capsules/qemu/testkit/snapshots.ts';
import { TestEngine } from '../engine/testkit/real-engine.ts';
import { Host, Staff } from '../server/testkit/client.ts';
import { testServer } from '../server/testkit/server.ts';
import { root } from './testkit/command.ts';

const undo: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

const appliance = join(root, 'build/appliance/appliance.yaml');

/** The tree, or why it cannot be had here. */
async function built(name: string): Promise<string | null> {
  if (!existsSync(appliance)) return 'there is no micro appliance here (build/appliance)';
  try {
    await buildApplication(name, (line) => console.log(line));
    return null;
  } catch (error) {
    if (error instanceof DebianError) return error.message;
    throw error;
  }
}

/** A project with the application, and one work unit of a campaign that two computers must agree on. */
async function projectWith(name: string, campaign: object) {
  const server = await testServer();
  undo.push(() => server.remove());
  const { url, staffToken } = server;
  for (const file of [join(root, `applications/${name}/release.yaml`), appliance])
    await pushDocument({ file, url, staffToken });
  const staff = new Staff(url, staffToken);
  const one = { kind: 'campaign', name, title: name, application: name, version: '0.1.0' };
  await staff.push({ ...one, kind: 'campaign', leaseMinutes: 30, validation: { tolerance: 2 }, ...campaign });
  const engine = async () => {
    const dataFolder = await mkdtemp(join(tmpdir(), 'beamtime-engine-'));
    await bootedBefore(dataFolder);
    const joined = await TestEngine.start({ dataFolder, invitation: server.invitation, capsule: 'qemu' });
    undo.push(() => joined.remove());
    return joined;
  };
  return { server, staff, engine };
}

const PATIENCE = { timeout: 400_000, interval: 1000 };

test('LAMMPS as Debian ships it melts 4,000 atoms; who differs by rounding agrees, a changed number is found', {
  timeout: 900_000,
}, async ({ skip }) => {
  const reason = await built('lammps');
  if (reason !== null) return skip(reason);
  const events = 60;
  const { server, staff, engine } = await projectWith('lammps', {
    ...{ events, eventsPerUnit: events, blockEvents: events },
    parameters: { cells: 10, temperature: 3 },
  });

  const first = await engine();
  const seen = new Set<number>();
  await first.until((state) => {
    for (const { done } of state.running) if (done > 0) seen.add(done);
    return state.finished.some(({ verdict }) => verdict === 'pending');
  }, PATIENCE);
  expect([...seen].every((done) => done % 10 === 0)).toBe(true);
  expect(seen.size).toBeGreaterThan(1);
  await first.stop();
  const [honest] = await staff.results();
  expect(honest?.files.map(({ path }) => path)).toEqual(['end.data', 'log.lammps']);

  // What the first wrote, with one number changed: by what another processor's rounding may do, and by more.
  const files: Record<string, Buffer> = {};
  for (const { path, sha256 } of honest?.files ?? [])
    files[path] = Buffer.from(await (await fetch(`${server.url}/api/v1/objects/${sha256}`)).arrayBuffer());
  const log = (files['log.lammps'] ?? Buffer.from('')).toString('utf8');
  const [, energy = ''] = /^\s+60\s+\S+\s+(\S+)/m.exec(log) ?? [];
  expect(Number(energy)).toBeLessThan(-4);
  const changedBy = (part: number) => ({
    ...files,
    'log.lammps': Buffer.from(log.replace(energy, (Number(energy) * (1 + part)).toPrecision(12))),
  });
  const liar = await Host.register(server.url);
  const lie = await liar.lease();
  expect((await liar.finish(lie, changedBy(3e-6))).state).toBe('pending');
  const other = await Host.register(server.url);
  const lease = await other.lease();
  expect((await other.finish(lease, changedBy(1e-8))).state).toBe('valid');
  expect(await liar.verdict(lie)).toMatchObject({ state: 'invalid', creditMicroseconds: 0 });
  expect((await staff.results('&state=valid')).length).toBe(2);
  expect(await staff.campaign('lammps')).toMatchObject({ state: 'complete', eventsValid: events });
});

test('GROMACS as Debian ships it: a box of water, from preparation to energies', {
  timeout: 600_000,
}, async ({ skip }) => {
  const reason = await built('gromacs');
  if (reason !== null) return skip(reason);
  const events = 20;
  const { server, staff, engine } = await projectWith('gromacs', {
    ...{ events, eventsPerUnit: events, blockEvents: events },
    ...{ parameters: { temperature: 320 }, validation: { tolerance: 1 } },
  });
  const { finished } = await (await engine()).until(
    (state) => state.finished.some(({ verdict }) => verdict !== 'unreported'),
    PATIENCE,
  );
  expect(finished.map(({ verdict, reason: why }) => why ?? verdict)).toEqual(['valid']);
  const [result] = await staff.results();
  const energies = result?.files.find(({ path }) => path === 'energy.xvg')?.sha256;
  const text = await (await fetch(`${server.url}/api/v1/objects/${energies}`)).text();
  const rows = text
    .trimEnd()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number));
  expect(rows.map(([time]) => time)).toEqual([0, 0.02, 0.04]);
  // The potential energy of 216 molecules of SPC/E is about -46 kJ/mol each.
  for (const [, potential = 0] of rows) expect(potential / 216).toBeCloseTo(-46, -1);
});
