import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Tree } from '../ninep/tree.ts';
import * as trees from '../ninep/trees/index.ts';
import { hostFolder, memoryTree } from '../ninep/trees/index.ts';
import { runProgram } from './run.ts';
import { compileForTest } from './testkit/compile.ts';

const source = (name: string) => fileURLToPath(new URL(`./testkit/${name}.c`, import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-wasi-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function run(name: string, tree: Tree, args: string[] = []) {
  let text = '';
  const outcome = await runProgram({
    wasm: await compileForTest(source(name), 'wasm32-wasi'),
    args: ['program', ...args],
    tree,
    memoryMb: 64,
    wallSeconds: 50,
    signal: new AbortController().signal,
    onConsole: (chunk) => {
      text += Buffer.from(chunk).toString('latin1');
    },
  });
  return { outcome, text };
}

test.runIf(process.platform === 'linux')(
  'what the conformance program expects is what this system does',
  async () => {
    const program = await compileForTest(source('conformance'), 'x86_64-linux');
    const running = promisify(execFile)(program, [], { cwd: folder });
    running.child.stdin?.end();
    expect((await running).stdout).toBe('0 failures\n');
  },
);

test('files behave as POSIX has them, over a tree in memory', async () => {
  expect(await run('conformance', memoryTree())).toEqual({
    text: '0 failures\n',
    outcome: { state: 'exited', exitStatus: 0 },
  });
});

test('files behave as POSIX has them, over a folder of the host', async () => {
  expect(await run('conformance', hostFolder(folder))).toEqual({
    text: '0 failures\n',
    outcome: { state: 'exited', exitStatus: 0 },
  });
});

test('no path leads out of the tree, whatever links lie in it', async () => {
  const inside = join(folder, 'inside');
  const secret = join(folder, 'secret');
  await writeFile(secret, 'the secret');
  await promisify(execFile)('mkdir', ['-p', join(inside, 'deep', 'er')]);
  await writeFile(join(inside, 'fine'), 'fine');
  await symlink('../secret', join(inside, 'up'));
  await symlink('..', join(inside, 'parent'));
  await symlink(secret, join(inside, 'absolute'));
  await symlink('../../../secret', join(inside, 'deep', 'up'));
  await symlink('parent/secret', join(inside, 'chain'));
  await symlink('/', join(inside, 'root'));
  await symlink('../../fine', join(inside, 'deep', 'er', 'allowed'));
  const ways = [
    '../secret',
    '..',
    '../',
    '/',
    '/..',
    secret,
    'deep/../../secret',
    'deep/er/../../../secret',
    './../secret',
    'up',
    'up/',
    'parent/secret',
    'parent',
    'absolute',
    'deep/up',
    'chain',
    'root/etc/passwd',
    'deep/er/../../parent/secret',
    '../inside/fine',
    'deep//..//..//secret',
  ];
  const before = (await readdir(folder)).sort();
  const { text, outcome } = await run('escape', hostFolder(inside), [...ways, 'deep/er/allowed']);
  expect(outcome).toEqual({ state: 'exited', exitStatus: 0 });
  const told = text.trimEnd().split('\n');
  const notCapable = 76;
  for (const i of ways.keys()) expect(told[i]).toMatch(new RegExp(`: ${notCapable} ${notCapable} `));
  expect(told.at(-1)).toMatch(/^deep\/er\/allowed: 0 0 0 20 fine$/);
  expect(text).not.toContain('secret\n');
  expect(await readFile(secret, 'utf8')).toBe('the secret');
  expect((await readdir(folder)).sort()).toEqual(before);
});

test('a program learns nothing of where and when it runs', async () => {
  await writeFile(join(folder, 'zebra'), '12345');
  await writeFile(join(folder, 'apple'), '1');
  await promisify(execFile)('mkdir', [join(folder, 'middle')]);
  const tree = memoryTree();
  await trees.makeFolders(tree, 'middle');
  await trees.writeFile(tree, 'apple', Buffer.from('1'));
  await trees.writeFile(tree, 'zebra', Buffer.from('12345'));
  const first = await run('surroundings', hostFolder(folder));
  const second = await run('surroundings', tree);
  expect(first).toEqual(second);
  expect(first.outcome).toEqual({ state: 'exited', exitStatus: 0 });
  expect(first.text).not.toContain('env');
  const clocks = [...first.text.matchAll(/^clock (\d+)/gm)].map(([, seconds]) => Number(seconds));
  expect(clocks).toEqual([946_684_800, 3600, 946_684_800 + 7200, 3 * 3600]);
  expect(
    first.text
      .split('\n')
      .filter((line) => /^[.a-z]+ /.test(line))
      .map((line) => line.split(' ')[0]),
  ).toEqual(['arg', ...Array(4).fill('clock'), '.', '..', 'apple', 'middle', 'zebra']);
});
