import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { runInBackground } from './background.ts';

const NOBODY = 65_534;
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

const possible = process.geteuid?.() === 0 && existsSync('/proc/self/autogroup');
it.skipIf(!possible)(
  `capsules that start together all have the lowest share, also for users of whom the kernel takes one change at a time${possible ? '' : ' (skipped: not root, or no autogroup)'}`,
  async () => {
    const pids = Array.from({ length: 3 }, () => {
      const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore', uid: NOBODY });
      started.push(child);
      return child.pid ?? 0;
    });
    process.seteuid?.(NOBODY);
    try {
      for (const pid of pids) runInBackground(pid);
      // What is not taken at once comes later, and still as that user.
      const share = (pid: number) => readFileSync(`/proc/${pid}/autogroup`, 'utf8').trim().split(' ').at(-1);
      expect(pids.map(share)).not.toEqual(['19', '19', '19']);
      await expect.poll(() => pids.map(share)).toEqual(['19', '19', '19']);
    } finally {
      process.seteuid?.(0);
    }
  },
);
