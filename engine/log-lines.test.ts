import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeLogger } from '../platform/log.ts';
import { LogLine } from '../protocol/engine-api.ts';
import { readLog } from './log-lines.ts';
import { cleaner } from './secrets.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-log-'));
  path = join(folder, 'engine.log');
});
afterEach(() => rm(folder, { recursive: true }));

const ALL = { limit: 500, level: 'debug', ids: null } as const;
const same = (text: string) => text;

test('what the engine logs is read back, by level and by unit, the last lines, oldest first', async () => {
  const log = makeLogger('engine', path);
  log.info({ lease: 'l1', retryMs: 5 }, 'one');
  log.warn({ lease: 'l2', err: new Error('broken') }, 'two');
  log.error({ unit: 'u1' }, 'three');
  log.info('four');
  const read = async (wish: Partial<Parameters<typeof readLog>[1]>) =>
    (await readLog(path, { ...ALL, ...wish }, same)).map(({ message }) => message);
  const lines = LogLine.array().parse(await readLog(path, ALL, same));
  expect(lines.map(({ message, level, unit }) => [message, level, unit])).toEqual([
    ['one', 'info', 'l1'],
    ['two', 'warn', 'l2'],
    ['three', 'error', 'u1'],
    ['four', 'info', null],
  ]);
  expect(lines[0]?.details).toEqual({ lease: 'l1', retryMs: 5 });
  expect(lines[1]?.details.err).toMatchObject({ message: 'broken' });
  expect(await read({ level: 'warn' })).toEqual(['two', 'three']);
  expect(await read({ ids: new Set(['u1', 'l1']) })).toEqual(['one', 'three']);
  expect(await read({ limit: 2 })).toEqual(['three', 'four']);
});

test('a long log, over the borders of what is read at once, and garbled lines', async () => {
  const line = (i: number) =>
    JSON.stringify({
      level: 30,
      time: 1.7e12 + i,
      pid: 1,
      hostname: 'h',
      name: 'engine',
      msg: `m${i} é${'x'.repeat(i % 300)}`,
    });
  const text = Array.from({ length: 8000 }, (_, i) => (i % 7 === 3 ? `{"level":30,"ti` : line(i))).join('\n');
  await writeFile(path, `${text}\n{"cut`);
  const lines = await readLog(path, { ...ALL, limit: 2000 }, same);
  expect(lines).toHaveLength(2000);
  const numbers = lines.map(({ message }) => Number(/^m(\d+) é/.exec(message)?.[1]));
  expect(numbers.at(-1)).toBe(7999);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(new Set(numbers).size).toBe(2000);
});

test('no log', async () => {
  expect(await readLog(path, ALL, same)).toEqual([]);
});

test('secrets are taken out, wherever they stand', async () => {
  const token = 'S3cret-token_of_this.engine';
  const log = makeLogger('engine', path);
  log.info(
    { headers: { authorization: `Bearer ${token}` }, url: `http://x/#token=${token}` },
    `with ${token}`,
  );
  log.info(
    { deep: { deeper: { token: 'another-token-123456' } } },
    'sent Authorization: Bearer abcdefgh.ijkl and token=qwertyuiop',
  );
  const text = JSON.stringify(await readLog(path, ALL, cleaner([token], '/home/ann')));
  for (const secret of [token, 'another-token-123456', 'abcdefgh.ijkl', 'qwertyuiop'])
    expect(text).not.toContain(secret);
  expect(text.match(/\(secret\)/g)?.length).toBeGreaterThanOrEqual(4);
  expect(cleaner([], '/home/ann')('kept in /home/ann/data, the token is (secret)')).toBe(
    'kept in ~/data, the token is (secret)',
  );
});
