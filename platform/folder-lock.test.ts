import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FolderInUse, lockFolder } from './folder-lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('one holder at a time, and again after release', async () => {
  const path = join(folder, 'x.lock');
  const lock = await lockFolder(path);
  await expect(lockFolder(path)).rejects.toBeInstanceOf(FolderInUse);
  await lock.release();
  await (await lockFolder(path)).release();
  expect(await readdir(folder)).toEqual([]);
});

test('a lock of a killed process is taken over, one of a living process is not', async () => {
  const path = join(folder, 'x.lock');
  const holder = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { lockFolder } from ${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)};
       await lockFolder(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(holder.stdout, 'data');
  await expect(lockFolder(path)).rejects.toThrow(`process ${holder.pid}`);
  holder.kill('SIGKILL');
  await once(holder, 'close');
  await (await lockFolder(path)).release();
});

test('of many heirs of a stale lock one wins; garbage counts as stale', async () => {
  const path = join(folder, 'x.lock');
  await writeFile(path, 'garbage');
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(path)));
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
});
