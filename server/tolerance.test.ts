import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../platform/files.ts';
import type { Lease } from '../protocol/project-api.ts';
import type { Release } from '../protocol/release.ts';
import type { TreeManifest } from '../protocol/tree.ts';
import { Host, Staff } from './testkit/client.ts';
import { modelCampaign, modelPrograms, modelRelease } from './testkit/model.ts';
import { type TestServer, testServer } from './testkit/server.ts';

/** A made-up program that writes a table, a log and a picture. */
const release: Omit<Release, 'programs'> = {
  ...modelRelease,
  application: 'tables',
  histograms: [],
  args: ['-t', '{{temperature}}'],
  parameters: { type: 'object', properties: { temperature: { default: 3 } } },
  outputs: {
    'table.txt': { compare: 'numbers', absolute: 0.01, relative: 0, ignore: ['took * seconds'] },
    'names.txt': { compare: 'exact' },
    'picture.bin': { compare: 'none' },
  },
};

/** What a host with this rounding writes. Each is another file, however close the numbers are. */
const output = (lease: Lease, shift = 0, names = 'a b\n') => ({
  'table.txt': `step energy\n0 1.5\n${lease.card.events} ${(2 + shift).toFixed(6)}\ntook ${Math.random()} seconds\n`,
  'names.txt': names,
  'picture.bin': `${Math.random()}`,
});

let server: TestServer;
let staff: Staff;
let made = 0;
beforeAll(async () => {
  server = await testServer();
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(release, modelPrograms);
});
afterAll(() => server?.remove());

/** A campaign of one work unit, and hosts that have leases of it. */
async function unitFor(tolerance: number) {
  const name = `tables-${++made}`;
  const one = { events: 100, eventsPerUnit: 100, blockEvents: 100, validation: { tolerance } };
  await staff.push({ ...modelCampaign(name, one), application: 'tables' });
  const next = async () => {
    const host = await Host.register(server.url);
    const lease = await host.lease();
    const finish = (shift: number, names?: string) => host.finish(lease, output(lease, shift, names));
    return { host, lease, finish, state: async () => (await host.verdict(lease))?.state };
  };
  return { name, next };
}

describe('validation by tolerance', () => {
  test('two whose numbers are close are believed and credited; what is kept counts once', async () => {
    const { name, next } = await unitFor(2);
    const [a, b] = [await next(), await next()];
    expect(await a.finish(0)).toMatchObject({ state: 'pending', creditMicroseconds: 0 });
    expect(await b.finish(0.009)).toMatchObject({ state: 'valid', creditMicroseconds: 250 });
    expect(await a.state()).toBe('valid');
    expect(await staff.campaign(name)).toMatchObject({ state: 'complete', unitsValid: 1, eventsValid: 100 });
    const [point] = (await staff.campaign(name)).points;
    expect(point).toMatchObject({ eventsValid: 100, crossSection: null, histograms: {} });
  });

  test.each([
    ['a number beyond the tolerance', 0.011, 'a b\n'],
    ['an exact file by a byte', 0, 'a c\n'],
  ])('one that differs in %s is not believed, whoever comes first', async (_, shift, names) => {
    for (const liarAt of [0, 1]) {
      const { name, next } = await unitFor(2);
      const hosts = [await next(), await next()];
      for (const [i, host] of hosts.entries()) {
        const told = i === liarAt ? await host.finish(shift, names) : await host.finish(0);
        expect(told.state).toBe('pending');
      }
      expect((await staff.campaign(name)).unitsValid).toBe(0);
      const third = await next();
      expect((await third.finish(0.001)).state).toBe('valid');
      expect(await Promise.all(hosts.map((host) => host.state()))).toEqual(
        liarAt === 0 ? ['invalid', 'valid'] : ['valid', 'invalid'],
      );
    }
  });

  test('agreement is not handed on: three in a row, each close to the next, are no quorum of three', async () => {
    const { name, next } = await unitFor(3);
    const [a, b, c] = [await next(), await next(), await next()];
    expect((await a.finish(0)).state).toBe('pending');
    expect((await b.finish(0.008)).state).toBe('pending');
    expect((await c.finish(0.016)).state).toBe('pending');
    expect((await staff.campaign(name)).unitsValid).toBe(0);
    // All who agree with the first are a quorum; the one who agrees with another only is not of it.
    expect((await (await next()).finish(-0.008)).state).toBe('valid');
    expect(await Promise.all([a, b, c].map((host) => host.state()))).toEqual(['valid', 'valid', 'invalid']);
  });

  test('results that come at the same moment find each other', async () => {
    for (let i = 0; i < 5; i++) {
      const { name, next } = await unitFor(3);
      const hosts = [await next(), await next(), await next()];
      await Promise.all(hosts.map((host, k) => host.finish(k / 1000)));
      expect(await Promise.all(hosts.map((host) => host.state()))).toEqual(['valid', 'valid', 'valid']);
      expect((await staff.campaign(name)).eventsValid).toBe(100);
    }
  });

  test('an output that is missing, or not declared, is refused', async () => {
    const { next } = await unitFor(1);
    const [a] = [await next()];
    const { 'names.txt': _, ...less } = output(a.lease);
    expect(await a.host.finish(a.lease, less)).toMatchObject({
      state: 'invalid',
      reason: 'the output has no "names.txt"',
    });
    const b = await next();
    const more = { ...output(b.lease), 'more.txt': 'x' };
    expect(await b.host.finish(b.lease, more)).toMatchObject({ state: 'invalid' });
    expect((await (await next()).finish(0)).state).toBe('valid');
  });
});

describe('is refused when it is pushed', () => {
  const push = (change: object) =>
    staff.push({ ...modelCampaign(`refused-${++made}`), application: 'tables', ...change });

  test('a validation that does not go with the release', async () => {
    await expect(push({ validation: { spot: 0.5 } })).rejects.toThrow('wasm32-wasi');
    await staff.publish({ ...modelRelease, version: '2' }, modelPrograms);
    await expect(push({ application: 'model', version: '2', validation: { tolerance: 2 } })).rejects.toThrow(
      'declares its outputs',
    );
  });

  test('a value that would be more than a word in the program’s input', async () => {
    await expect(push({ parameters: { temperature: '3; rm -rf /' } })).rejects.toThrow('{{temperature}}');
  });

  test('a tree that is not whole, or does not hold its command', async () => {
    const bytes = Buffer.from('#!/bin/sh\n');
    const there = { path: 'usr/bin/run', sha256: sha256(bytes), bytes: bytes.length, executable: true };
    const publish = (entries: TreeManifest['entries'], command = 'usr/bin/run') =>
      staff.publish(
        { ...release, version: `tree-${++made}`, command },
        { 'x86_64-linux': Buffer.from(JSON.stringify({ kind: 'tree', entries })) },
      );
    await expect(publish([there])).rejects.toThrow('does not hold object');
    await staff.send('PUT', `/staff/objects/${there.sha256}`, bytes);
    await publish([there]);
    await expect(publish([there], 'usr/bin/other')).rejects.toThrow('is no executable file of the tree');
    await expect(publish([{ ...there, executable: false }])).rejects.toThrow('is no executable');
    await expect(publish([{ ...there, bytes: 5 }])).rejects.toThrow('has 10 bytes, not 5');
    await expect(publish([{ ...there, path: 'usr' }, there])).rejects.toThrow('no folder');
    await expect(publish([there, there])).rejects.toThrow('each once');
    await expect(publish([{ ...there, path: '../run' }])).rejects.toThrow('relative path');
    const program = { ...release, version: `tree-${++made}`, command: 'usr/bin/run' };
    await expect(staff.publish(program, modelPrograms)).rejects.toThrow('is not the manifest of a tree');
  });
});
