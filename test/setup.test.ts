import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { command, lastLine, root, temporaryFolder } from './testkit/command.ts';
import { processesOf, settle } from './testkit/leftovers.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const clone = join(folder.path, 'clone');
const home = join(folder.path, 'home');
const tmp = join(folder.path, 'tmp');
/** An empty home, package cache and temporary folder, and the Node that the user has, not the pinned one. */
const environment = {
  HOME: home,
  TMPDIR: tmp,
  npm_config_cache: join(home, '.npm'),
  npm_execpath: '',
  PATH: (process.env.PATH ?? '')
    .split(':')
    .filter((part) => !part.startsWith(root))
    .join(':'),
};
const BUILT = [
  'evgen',
  'appliance',
  'renderer',
  'console',
  'desktop',
  'store-template',
  'store-template.inputs',
];
let first = '';
const npm = (...args: string[]) => command('npm', args, { cwd: clone, env: environment });

describe('a bare clone on a machine that has never seen it', () => {
  test('set-up killed half-way is repaired by the next one; the first work unit validates', {
    timeout: 600_000,
  }, async () => {
    for (const path of [home, tmp]) mkdirSync(path);
    execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, clone]);
    for (const afterMs of [1500, 6000]) {
      const interrupted = npm('start', '--', '--work-units', '1');
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      // All of it at once, as a power cut does.
      for (const { pid } of processesOf(folder.path)) kill(pid);
      await interrupted.done;
      expect(await settle(folder.path)).toEqual([]);
    }
    // What takes the compilers a minute is built where these tests run, in a bare clone too where it is CI's.
    for (const name of BUILT)
      if (existsSync(join(root, 'build', name)))
        cpSync(join(root, 'build', name), join(clone, 'build', name), { recursive: true });
    const run = await npm('start', '--silent', '--', '--work-units', '1', '--capsule', 'wasm', '--json').done;
    expect(run.code, run.stderr.slice(-3000)).toBe(0);
    const figures = JSON.parse(lastLine(run.stdout));
    expect(figures).toMatchObject({ capsule: 'wasm', workUnits: [{ validated: true }] });
    first = figures.workUnits[0].id;
    expect(await settle(folder.path)).toEqual([]);
  });

  test('the second start finds nothing to do, needs no home, measures which capsule is faster, and computes no unit again', {
    timeout: 300_000,
  }, async () => {
    // Node's own compile cache aside, nothing of ours is outside the clone.
    expect(readdirSync(home).filter((name) => name !== '.npm')).toEqual([]);
    expect(readdirSync(tmp).filter((name) => !name.startsWith('node-compile-cache'))).toEqual([]);
    expect(existsSync(join(clone, '.beamtime/engine'))).toBe(true);
    const sealed = { ...environment, HOME: '/dev/null/none', npm_config_cache: '/dev/null/none/.npm' };
    const args = ['start', '--silent', '--', '--work-units', '2', '--capsule', 'auto', '--json'];
    const run = await command('npm', args, { cwd: clone, env: sealed }).done;
    expect(run.code, run.stderr.slice(-3000)).toBe(0);
    const { workUnits } = JSON.parse(lastLine(run.stdout));
    expect(workUnits).toMatchObject([{ validated: true }, { validated: true }]);
    expect(new Set([first, ...workUnits.map(({ id }: { id: string }) => id)]).size).toBe(3);
    expect(run.stderr).not.toMatch(/installing|building/);
    expect(execFileSync('git', ['status', '--porcelain'], { cwd: clone, encoding: 'utf8' })).toBe('');
    expect(await settle(folder.path)).toEqual([]);
  });
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the look and the kill.
  }
}
