import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isAlive, startedAt } from './processes.ts';

test('this process and the first one live; one that ended does not', async () => {
  expect(isAlive(process.pid)).toBe(true);
  expect(isAlive(1)).toBe(true);
  const child = spawn('true');
  await once(child, 'exit');
  expect(isAlive(child.pid ?? 0)).toBe(false);
  expect(startedAt(process.pid)).toBe(startedAt(process.pid));
});

test.skipIf(process.platform !== 'linux')('one that nobody has buried yet is dead (Linux only)', async () => {
  // The shell turns into a program that never waits for its child.
  const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const [line] = await once(parent.stdout, 'data');
    await expect.poll(() => isAlive(Number(String(line)))).toBe(false);
    // It still has its number: to signal it is no error.
    expect(process.kill(Number(String(line)), 0)).toBe(true);
  } finally {
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  }
});
