import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeLogger } from './log.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-log-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('secrets do not reach it, wherever they stand in what is logged', async () => {
  const file = join(folder, 'deep', 'log');
  const log = makeLogger('test', file);
  const secret = 'c2VjcmV0';
  log.info({ token: secret, membership: { url: 'u', token: secret } }, 'joined');
  log.warn({ headers: { authorization: `Bearer ${secret}` }, endpoint: { staffToken: secret } }, 'asked');
  const text = await readFile(file, 'utf8');
  expect(text).not.toContain(secret);
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).msg),
  ).toEqual(['joined', 'asked']);
});

test.skipIf(!existsSync('/dev/full'))('a full disk fails nothing (needs /dev/full)', () => {
  const code = `
    import { makeLogger } from ${JSON.stringify(new URL('./log.ts', import.meta.url).href)};
    const log = makeLogger('test', '/dev/full');
    for (let i = 0; i < 3000; i++) log.error({ padding: 'x'.repeat(1000) }, 'full');
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log('goes on');`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  expect(said).toBe('goes on\n');
});
