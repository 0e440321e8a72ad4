import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { compileForTest } from '../../../wasi/testkit/compile.ts';
import { whyNoMachines } from './testkit/appliance.ts';
import type { Findings } from './testkit/isolated.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 400_000 });

function whyNoNamespaces(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'network name spaces need root on Linux';
  try {
    execFileSync(
      'unshare',
      ['--net', 'ip', 'link', 'add', 'name', 'this', 'type', 'veth', 'peer', 'name', 'that'],
      {
        stdio: 'ignore',
      },
    );
    return null;
  } catch {
    return 'this kernel or container gives no network name spaces with veth';
  }
}

const why = (await whyNoMachines()) ?? whyNoNamespaces();
const OUTSIDE = ['icmp 198.51.100.7 0', 'tcp 198.51.100.7 7777', 'udp 198.51.100.7 7777'];
const HOST = ['tcp 10.0.2.2 7777', 'tcp 198.51.100.1 7777', 'udp 10.0.2.2 7777', 'udp 198.51.100.1 7777'];
const OTHER_GUEST = ['tcp 10.0.2.16 7777', 'udp 10.0.2.16 7777'];
const NINEP = ['tcp 10.0.2.100 5640', 'tcp 10.0.2.100 5641'];
const said = (how: string, ...targets: string[][]) =>
  targets
    .flat()
    .map((target) => `${target} ${how}`)
    .sort();

describe.skipIf(why !== null)(`the guest's network (${why ?? 'in a name space of its own'})`, () => {
  let folder = '';
  let found: Record<'stock' | 'brokenOut' | 'brokenOutAndOpen', Findings>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'beamtime-network-'));
    await chmod(folder, 0o711);
    const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
    const program = await compileForTest(here('./testkit/reach.c'), 'x86_64-linux');
    const { stdout } = await promisify(execFile)(
      'unshare',
      ['--net', process.execPath, here('./testkit/isolated.ts'), folder, program],
      { timeout: 380_000, killSignal: 'SIGKILL' },
    );
    found = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('a program reaches neither outside, nor the host, nor another guest, nor the ports of the file tree', () => {
    expect(found.stock).toEqual({
      reached: [],
      unreached: said('unreached', OUTSIDE, HOST, OTHER_GUEST, NINEP),
      hostSaw: [],
      outsideSaw: [],
      otherGuestSaw: [],
    });
  });

  test('one that has become root in its guest reaches nothing either (but the file tree, which is its own)', () => {
    expect(found.brokenOut).toEqual({
      reached: [],
      unreached: said('unreached', OUTSIDE, HOST, OTHER_GUEST),
      hostSaw: [],
      outsideSaw: [],
      otherGuestSaw: [],
    });
  });

  test('this test would notice: with the network open it reaches host and outside', () => {
    const { reached, unreached, hostSaw, outsideSaw, otherGuestSaw } = found.brokenOutAndOpen;
    expect(reached).toEqual(said('reached', OUTSIDE, HOST));
    expect(unreached).toEqual(said('unreached', OTHER_GUEST));
    expect(hostSaw.sort()).toEqual(['seen tcp', 'seen tcp', 'seen udp', 'seen udp']);
    expect(outsideSaw.sort()).toEqual(['seen tcp', 'seen udp']);
    expect(otherGuestSaw).toEqual([]);
  });
});
