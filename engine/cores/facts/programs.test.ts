import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plain, runningProgram } from './programs.ts';

test.each([
  ['C:\\Games\\Quake.EXE', 'quake'],
  ['/Applications/OBS.app', 'obs'],
  ['/usr/bin/blender', 'blender'],
  ['zoom', 'zoom'],
])('%s is %s', (path, name) => {
  expect(plain(path)).toBe(name);
});

test.runIf(process.platform === 'linux').each(['Quake', 'a-program-with-a-rather-long-name'])(
  'a real process: %s',
  async (name) => {
    const folder = await mkdtemp(join(tmpdir(), 'beamtime-programs-'));
    try {
      await copyFile('/bin/sleep', join(folder, name));
      expect(await runningProgram([name])).toBeNull();
      const child = spawn(join(folder, name), ['60']);
      try {
        const other = `${name.slice(0, 20)} but another`;
        await expect.poll(() => runningProgram([other, name.toUpperCase()])).toBe(name.toUpperCase());
        expect(await runningProgram([other])).toBeNull();
      } finally {
        child.kill();
        await new Promise((resolve) => child.once('exit', resolve));
      }
      expect(await runningProgram([name])).toBeNull();
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
