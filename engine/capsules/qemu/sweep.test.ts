import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { planControlGroup, removeControlGroup } from './cgroup.ts';
import { newProcessName, writeMark } from './marks.ts';
import { sweepQemu } from './sweep.ts';
import { isAlive } from './testkit/processes.ts';

describe.skipIf(process.platform !== 'linux')('sweepQemu (Linux)', () => {
  let folder = '';
  let files = { run: '', snapshots: '' };
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'beamtime-sweep-'));
    files = { run: join(folder, 'run'), snapshots: join(folder, 'snapshots') };
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  /** A process that has this name in its command line, as a QEMU that lost its engine has. */
  function orphan(name: string): number {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)', '--', '-name', name], {
      stdio: 'ignore',
      detached: true,
    });
    children.push(child);
    return child.pid ?? 0;
  }

  test('kills the processes that have a mark, and no other', async () => {
    const names = ['a', 'b', 'unmarked'].map(newProcessName);
    const [a = 0, b = 0, unmarked = 0] = names.map(orphan);
    await vi.waitFor(() => expect([a, b, unmarked].every(isAlive)).toBe(true));
    for (const name of names.slice(0, 2)) await writeMark(files.run, { name, controlGroups: [] });
    expect(await sweepQemu(files)).toBe(2);
    await vi.waitFor(() => expect([a, b].some(isAlive)).toBe(false));
    expect(isAlive(unmarked)).toBe(true);
    expect(await readdir(files.run)).toEqual([]);
    expect(await sweepQemu(files)).toBe(0);
  });

  test('removes marks without a process, and snapshots that were not finished', async () => {
    await writeMark(files.run, { name: newProcessName('gone'), controlGroups: ['/nowhere/at/all'] });
    await writeFile(join(files.run, 'something-else'), '');
    await mkdir(join(files.snapshots, 'abc.unfinished-xyz'), { recursive: true });
    await mkdir(join(files.snapshots, 'abc'));
    expect(await sweepQemu(files)).toBe(0);
    expect(await readdir(files.run)).toEqual(['something-else']);
    expect(await readdir(files.snapshots)).toEqual(['abc']);
  });

  test('a mark can only lead to what Beamtime made', async () => {
    await mkdir(files.run);
    const evil = { name: 'init', controlGroups: [] };
    await writeFile(join(files.run, 'qemu-init.json'), JSON.stringify(evil));
    await writeFile(join(files.run, 'qemu-.json'), JSON.stringify({ ...evil, name: '' }));
    expect(await sweepQemu(files)).toBe(0);
  });

  test('nothing there, nothing to do', async () => {
    expect(await sweepQemu(files)).toBe(0);
  });

  test('removes the control groups that are left', async (context) => {
    const name = newProcessName('group');
    const pid = orphan(name);
    await vi.waitFor(() => expect(isAlive(pid)).toBe(true));
    const group = planControlGroup(name);
    if (!group?.join(pid, 64 * 1024 * 1024)) return context.skip('no control group can be made here');
    await writeMark(files.run, { name, controlGroups: [...group.folders] });
    for (const at of group.folders) expect(existsSync(at)).toBe(true);
    expect(await sweepQemu(files)).toBe(1);
    expect(group.folders.filter((at) => existsSync(at))).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('planControlGroup (Linux)', () => {
  test('holds the process to its memory, and goes when it has gone', async (context) => {
    const name = newProcessName('limit');
    const child = spawn('/bin/sh', ['-c', 'read -r go; exec tail /dev/zero'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      child.once('exit', (_status, signal) => resolve(signal)),
    );
    const group = planControlGroup(name);
    if (!group?.join(child.pid ?? 0, 32 * 1024 * 1024)) {
      child.kill('SIGKILL');
      return context.skip('no control group can be made here');
    }
    for (const at of group.folders) {
      expect(basename(at)).toBe(name);
      expect(readFileSync(join(at, 'cgroup.procs'), 'latin1')).toBe(`${child.pid}\n`);
    }
    expect(removeControlGroup(group.folders), 'while something is in it').toBe(false);
    expect(group.folders.every((at) => existsSync(at))).toBe(true);
    child.stdin.end('go\n'); // takes memory until there is no more
    expect(await ended).toBe('SIGKILL');
    expect(removeControlGroup(group.folders)).toBe(true);
    expect(group.folders.some((at) => existsSync(at))).toBe(false);
  });

  test('of a process that is gone there is none, and nothing is left of the attempt', () => {
    const group = planControlGroup(newProcessName('nobody'));
    expect(group?.join(2 ** 22 + 1, 32 * 1024 * 1024) ?? false).toBe(false);
    expect(group?.folders.filter((at) => existsSync(at)) ?? []).toEqual([]);
  });
});
