import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileCpp, hasCpp } from './cpp.testkit.ts';
import { buildTestProgram, NATIVE_COMPILER } from './programs.testkit.ts';

const run = promisify(execFile);
const fastjet = await hasCpp('fastjet/ClusterSequence.hh');
let folder = '';
let program = '';

describe.skipIf(!NATIVE_COMPILER)('the analysis', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'evgen-analysis-'));
    program = join(folder, 'analysis');
    await buildTestProgram('analysis', program, []);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('knows made-up events, and agrees with slow and simple ways', async () => {
    const { stdout } = await run(program);
    expect(stdout).toMatch(/^\d+ checks, 0 failed\n$/);
  });

  it.skipIf(!fastjet)('finds the jets that FastJet finds: Durham, JADE and Cambridge', async () => {
    const reader = join(folder, 'fastjet');
    await compileCpp(fileURLToPath(new URL('fastjet.cc', import.meta.url)), reader, [
      '-lfastjet',
      '-lfastjetplugins',
    ]);
    const told = await new Promise<string>((resolve, reject) => {
      const ours = spawn(program, ['jets', '2000'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const theirs = spawn(reader, { stdio: [ours.stdout, 'pipe', 'inherit'] });
      let text = '';
      theirs.stdout.on('data', (chunk) => {
        text += chunk;
      });
      theirs.on('error', reject);
      theirs.on('close', () => resolve(text));
    });
    const [events, worst, different] = told.trim().split(' ').map(Number);
    expect(events).toBe(2000);
    // FastJet adds up the energies in another order, and takes angles below 1e-3 by another formula.
    expect(worst).toBeLessThan(1e-9);
    expect(different).toBe(0);
  });
});
