import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keepConsole, Tail } from './kept-console.ts';

const KEPT_BYTES = 64 * 1024;

describe('Tail', () => {
  test('holds a short text whole', () => {
    const tail = new Tail();
    tail.push(Buffer.from('one\n'));
    tail.push(Buffer.from('two\n'));
    expect(tail.text()).toBe('one\ntwo\n');
    expect(tail.lastLine()).toBe('two');
  });

  test('of a flood it holds the end, and says so', () => {
    const tail = new Tail();
    for (let i = 0; i < 100_000; i++) tail.push(Buffer.from(`line ${i}\n`));
    expect(tail.text().length).toBeLessThanOrEqual(KEPT_BYTES + 6);
    expect(tail.text().startsWith('[...]\n')).toBe(true);
    expect(tail.lastLine()).toBe('line 99999');
  });

  test('one chunk may be larger than all that is kept', () => {
    const tail = new Tail();
    tail.push(Buffer.concat([Buffer.alloc(10 * KEPT_BYTES, 'a'), Buffer.from('end')]));
    expect(tail.text()).toBe(`[...]\n${'a'.repeat(KEPT_BYTES - 3)}end`);
  });

  test('keeps its own copy', () => {
    const tail = new Tail();
    const chunk = Buffer.from('before');
    tail.push(chunk);
    chunk.fill('x');
    expect(tail.text()).toBe('before');
  });

  test('of nothing there is no last line', () => {
    expect(new Tail().lastLine()).toBe('');
  });
});

describe('keepConsole', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'beamtime-consoles-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('keeps the last twenty, by time', async () => {
    const start = Date.UTC(2026, 0, 1);
    for (let i = 0; i < 25; i++) await keepConsole(folder, 'slot', start + i * 1000, `run ${i}`);
    const names = (await readdir(folder)).sort();
    expect(names).toHaveLength(20);
    expect(await readFile(join(folder, names[0] ?? ''), 'utf8')).toBe('run 5');
    expect(await readFile(join(folder, names[19] ?? ''), 'utf8')).toBe('run 24');
  });

  test('leaves what is not its own', async () => {
    await writeFile(join(folder, 'notes.txt'), 'mine');
    for (let i = 0; i < 21; i++) await keepConsole(folder, 'slot', i * 1000, '');
    expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  });

  test('a slot of any name stays in the folder', async () => {
    await keepConsole(folder, '../../etc/passwd\n', 0, 'text');
    expect(await readdir(folder)).toEqual(['1970-01-01T000000-000Z-______etc_passwd_.log']);
  });
});
