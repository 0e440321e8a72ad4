import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeLogger } from '../../../platform/log.ts';
import type { Capsule } from '../capsule.ts';
import { probe } from '../testkit/probe.ts';
import { UNPRIVILEGED_ID } from './confinement.ts';
import type { QemuDriver } from './driver.ts';
import { readMarks } from './marks.ts';
import { UNFINISHED } from './snapshots.ts';
import { sweepQemu } from './sweep.ts';
import { whyNoMachines } from './testkit/appliance.ts';
import { filesIn, makeDriver } from './testkit/driver.ts';
import { isAlive, processesWith, statusOf } from './testkit/processes.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const why = (await whyNoMachines()) ?? (process.platform === 'linux' ? null : 'looks into /proc');
const isRoot = process.getuid?.() === 0;
const log = makeLogger('qemu-process-test');
const PATIENT = { timeout: 200_000, interval: 10 };

describe.skipIf(why !== null)(`QEMU's process (${why ?? 'a real one'})`, () => {
  let folder = '';
  let driver: QemuDriver;
  let program = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'beamtime-process-'));
    driver = (await makeDriver({ folder, log })) as QemuDriver;
    program = await probe('x86_64-linux');
  });
  afterAll(async () => {
    await driver.close();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (slotId: string): Promise<Capsule> =>
    driver.start({ slotId, memoryMb: 128, signal: new AbortController().signal });

  test('has the lowest priority, few rights and little room', async () => {
    const capsule = await start('confined');
    onTestFinished(() => capsule.stop());
    const pid = capsule.metrics().pid ?? 0;
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    expect(fields[38], 'scheduling class: idle (sched(7))').toBe('5');
    expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'latin1')).toBe('1000\n');
    expect(statusOf(pid, 'NoNewPrivs')).toBe('1');
    expect(statusOf(pid, 'Seccomp'), "QEMU's own sandbox").toBe('2');
    const limits = readFileSync(`/proc/${pid}/limits`, 'latin1');
    expect(limits).toMatch(/Max file size\s+0\s+0/);
    expect(limits).toMatch(/Max core file size\s+0\s+0/);
    expect(limits).toMatch(/Max open files\s+128\s+128/);
    if (isRoot) {
      const id = `${UNPRIVILEGED_ID}`;
      expect(statusOf(pid, 'Uid')).toBe([id, id, id, id].join('\t'));
      expect(statusOf(pid, 'Gid')).toBe([id, id, id, id].join('\t'));
      expect(statusOf(pid, 'Groups').trim()).toBe('');
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        expect(statusOf(pid, set), set).toBe('0000000000000000');
      }
    }
  });

  test('listens nowhere, and leaves no process, mark or control group', async () => {
    const capsule = await start('traceless');
    onTestFinished(() => capsule.stop());
    const pid = capsule.metrics().pid ?? 0;
    const [mark, ...others] = await readMarks(join(folder, 'run'));
    expect(others).toEqual([]);
    expect(mark?.name).toMatch(/^beamtime-traceless-/);
    const listening = listeners();
    const own = readdirSync(`/proc/${pid}/fd`).filter((fd) => listening.has(socketInode(pid, fd)));
    expect(own, 'listening sockets').toEqual([]);
    const groups = mark?.controlGroups ?? [];
    for (const group of groups) {
      expect(readFileSync(join(group, 'cgroup.procs'), 'latin1')).toBe(`${pid}\n`);
    }
    await capsule.stop();
    expect(isAlive(pid)).toBe(false);
    expect(processesWith(mark?.name ?? 'no mark')).toEqual([]);
    expect(groups.filter((group) => existsSync(group))).toEqual([]);
    expect(await readdir(join(folder, 'run'))).toEqual([]);
  });

  test('an engine that is killed at any moment leaves no QEMU, and the next start finds order', async () => {
    const victimFolder = await mkdtemp(join(tmpdir(), 'beamtime-killed-'));
    const files = filesIn(victimFolder);
    try {
      for (const boots of [true, true, true, false]) {
        // Killed while it boots, saves or restores; the moment is a matter of chance, the result must not be.
        const victim = boots ? bootingVictim(victimFolder) : restoringVictim(victimFolder, program);
        let names: string[] = [];
        await vi.waitFor(async () => {
          names = (await readMarks(files.run)).map(({ name }) => name);
          expect(names.some((name) => processesWith(`-name\0${name}`).length > 0)).toBe(true);
        }, PATIENT);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 1500));
        victim.kill('SIGKILL');
        const marks = await readMarks(files.run);
        const all = [...names, ...marks.map(({ name }) => name)];
        await vi.waitFor(() => expect(all.flatMap((name) => processesWith(name))).toEqual([]), PATIENT);
        // One whose process is gone but not yet out of its control group is left for the next sweep.
        await vi.waitFor(async () => {
          expect(await sweepQemu(files)).toBe(0);
          expect(await readdir(files.run)).toEqual([]);
        }, PATIENT);
        const groups = marks.flatMap(({ controlGroups }) => controlGroups);
        expect(groups.filter((group) => existsSync(group))).toEqual([]);
        const left = await readdir(files.snapshots);
        expect(left.filter((name) => name.includes(UNFINISHED))).toEqual([]);
      }
    } finally {
      await rm(victimFolder, { recursive: true, force: true });
    }
  });
});

/** Boots the appliance into the folder. */
function bootingVictim(folder: string): ChildProcess {
  return victim(`
    const { qemuDriver } = await import(${JSON.stringify(here('./index.ts'))});
    const { builtAppliance } = await import(${JSON.stringify(here('./testkit/appliance.ts'))});
    const { filesIn } = await import(${JSON.stringify(here('./testkit/driver.ts'))});
    const { makeLogger } = await import(${JSON.stringify(here('../../../platform/log.ts'))});
    const driver = qemuDriver({
      files: filesIn(${JSON.stringify(folder)}), appliance: await builtAppliance(), log: makeLogger('victim'),
    });
    await driver.unavailable();
    setInterval(() => {}, 60_000);`);
}

/** Restores one machine after the other. */
function restoringVictim(folder: string, program: string): ChildProcess {
  return victim(`
    const { makeDriver } = await import(${JSON.stringify(here('./testkit/driver.ts'))});
    const { runProgram } = await import(${JSON.stringify(here('./testkit/run.ts'))});
    const { makeLogger } = await import(${JSON.stringify(here('../../../platform/log.ts'))});
    const driver = await makeDriver({ folder: ${JSON.stringify(folder)}, log: makeLogger('victim') });
    for (;;) await runProgram(driver, { program: ${JSON.stringify(program)}, args: ['exit', '0'] });`);
}

function victim(script: string): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** Inodes of sockets that listen, of all kinds there are a table of. */
function listeners(): Set<string> {
  const inodes = new Set<string>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readFileSync(`/proc/net/${table}`, 'latin1').split('\n')) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === '0A') inodes.add(fields[9] ?? '');
    }
  }
  for (const line of readFileSync('/proc/net/unix', 'latin1').split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[3] === '00010000') inodes.add(fields[6] ?? '');
  }
  return inodes;
}

function socketInode(pid: number, fd: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? 'none';
  } catch {
    return 'closed';
  }
}
