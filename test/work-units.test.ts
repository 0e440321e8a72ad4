import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { COMPILING } from '../server/testkit/compiling.ts';
import { command, lastLine, root, temporaryFolder } from './testkit/command.ts';
import { settle } from './testkit/leftovers.ts';

/** What `npm start -- --work-units N --json` prints. setup.test.ts does the same in WebAssembly and with the measured choice. */
const Figures = z.strictObject({
  capsule: z.string(),
  accelerator: z.string().nullable(),
  bootMs: z.number().positive().nullable(),
  restoreMs: z.number().positive().nullable(),
  firstEventMs: z.number().positive().nullable(),
  workUnits: z.array(
    z.strictObject({
      id: z.string(),
      events: z.number().int().positive(),
      seconds: z.number().positive(),
      validated: z.boolean(),
      outputHash: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
  eventsPerSecond: z.number().positive(),
  credit: z.number().positive(),
});

const folder = temporaryFolder();
beforeAll(() => expect(existsSync(join(root, 'build/evgen/evgen.wasm'))).toBe(true));
afterAll(() => folder.remove());

async function start(...args: string[]) {
  const run = command(process.execPath, [...COMPILING, 'cli/demo.ts', '--json', ...args]);
  const finished = await run.done;
  expect(finished.code, finished.stderr.slice(-3000)).toBe(0);
  return Figures.parse(JSON.parse(lastLine(finished.stdout)));
}

describe('npm start -- --work-units', () => {
  test('in the VM: three units go the whole way and nothing is left', { timeout: 300_000 }, async () => {
    const data = join(folder.path, 'vm');
    const figures = await start('--work-units', '3', '--capsule', 'qemu', '--data', data);
    expect(figures.capsule).toBe('qemu');
    expect(figures.accelerator).not.toBeNull();
    expect(figures.bootMs).not.toBeNull();
    expect(figures.restoreMs).not.toBeNull();
    expect(figures.workUnits.map((unit) => unit.validated)).toEqual([true, true, true]);
    expect(new Set(figures.workUnits.map((unit) => unit.id)).size).toBe(3);
    expect(await settle(data)).toEqual([]);
  });

  test('Ctrl-C ends everything, and the work in hand goes on next time', { timeout: 200_000 }, async () => {
    const data = join(folder.path, 'stop');
    const run = command(process.execPath, [...COMPILING, 'cli/demo.ts', '--no-open', '--data', data]);
    await expect.poll(() => run.output(), { timeout: 60_000 }).toContain('Ctrl-C ends both');
    run.child.kill('SIGINT');
    const finished = await run.done;
    expect(finished.code, finished.stderr.slice(-3000)).toBe(0);
    expect(await settle(data)).toEqual([]);
  });

  test('an option that makes no sense is refused with what to do', async () => {
    for (const [args, words] of [
      [['--work-units', 'many'], 'whole number'],
      [['--capsule', 'docker'], 'qemu, wasm or auto'],
      [['--worker-units', '3'], '--work-units'],
    ] as const) {
      const finished = await command(process.execPath, [...COMPILING, 'cli/demo.ts', ...args]).done;
      expect(finished.code).toBe(1);
      expect(finished.stderr).toContain(words);
    }
  });
});
