import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ownUse, type ProcessReader, parseProcPidStat, processTreeUse } from './own-use.ts';

/** A process tree in memory: own and ended seconds by pid. */
function tree(processes: Map<number, { own: number; ended: number; children: number[] }>): ProcessReader {
  return {
    times: (pid) => processes.get(pid) ?? null,
    children: (pid) => processes.get(pid)?.children ?? [],
  };
}

describe('processTreeUse', () => {
  it('sums the process and all below it', () => {
    const processes = new Map([
      [1, { own: 1, ended: 0, children: [2, 3] }],
      [2, { own: 10, ended: 5, children: [4] }],
      [3, { own: 100, ended: 0, children: [] }],
      [4, { own: 1000, ended: 0, children: [] }],
      [9, { own: 7, ended: 0, children: [] }],
    ]);
    const use = processTreeUse(tree(processes), 1);
    expect(use.read()).toBe(1116);
    expect([...use.pids].sort()).toEqual([1, 2, 3, 4]);
  });

  it('loses nothing and doubles nothing when a child ends: its time moves to its parent', () => {
    const processes = new Map([
      [1, { own: 1, ended: 0, children: [2] }],
      [2, { own: 10, ended: 0, children: [] }],
    ]);
    const use = processTreeUse(tree(processes), 1);
    expect(use.read()).toBe(11);
    processes.delete(2);
    processes.set(1, { own: 1, ended: 10.5, children: [] });
    expect(use.read()).toBe(11.5);
  });

  it('never runs backwards, though a child may end between the reads of its parent and of itself', () => {
    const processes = new Map([
      [1, { own: 1, ended: 0, children: [2] }],
      [2, { own: 10, ended: 0, children: [] }],
    ]);
    const use = processTreeUse(tree(processes), 1);
    use.read();
    processes.delete(2);
    expect(use.read()).toBe(11);
  });

  it('reads fields after a name with spaces and parentheses', () => {
    const text = '42 (a) b (c) S 1 42 42 0 -1 4194560 100 200 0 0 150 50 300 100 20 0 1 0 99 1 1';
    expect(parseProcPidStat(text)).toEqual({ own: 2, ended: 4 });
    expect(parseProcPidStat('42 (cut')).toBeNull();
  });
});

describe.runIf(process.platform === 'linux')('ownUse on this machine', () => {
  it('counts what a grandchild computes, also after it has ended', async () => {
    const use = ownUse(() => 0);
    const start = use.read();
    // A shell whose child spins for 0.3 s of processor time, then both end.
    const spin = 'const end = process.cpuUsage().user + 3e5; while (process.cpuUsage().user < end);';
    const shell = spawn('sh', ['-c', `"${process.execPath}" -e '${spin}'; true`], { stdio: 'ignore' });
    await once(shell, 'exit');
    await wait(50);
    expect(use.read() - start).toBeGreaterThan(0.25);
  });
});
