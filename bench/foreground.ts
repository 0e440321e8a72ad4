import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { withEngine } from './engine/running.ts';
import { type Bench, quantile } from './measure.ts';

const PAIRS = 6;
/** Times all files of the generator are compiled: a few seconds on every core. */
const REPEATS = 3;
const COMPUTING_WITHIN_MS = 90_000;
const SOURCES = fileURLToPath(new URL('../physics/evgen/', import.meta.url));

/**
 * A compile on all cores, with the engine computing on all of them when it begins, and with the engine paused by the person;
 * one after the other, and the other way round in every second pair. The engine has to notice and make way by itself.
 */
export const bench: Bench = {
  name: 'foreground',
  run: (say) =>
    withEngine({ joins: true, capsule: 'wasm' }, async (engine) => {
      const alone: number[] = [];
      const beside: number[] = [];
      const pause = async () => {
        await engine.ask('POST', '/pause', { forSeconds: null });
        await delay(1_000);
        alone.push(await compile());
        await engine.ask('POST', '/resume');
      };
      const compute = async () => {
        await engine.computing(COMPUTING_WITHIN_MS);
        beside.push(await compile());
      };
      await engine.computing(COMPUTING_WITHIN_MS);
      await compile(); // files are read and directories cached from here on
      for (let pair = 0; pair < PAIRS; pair++) {
        for (const step of pair % 2 === 0 ? [pause, compute] : [compute, pause]) await step();
        say(
          `pair ${pair + 1} of ${PAIRS}: alone ${alone.at(-1)?.toFixed(2)} s, beside the engine ${beside.at(-1)?.toFixed(2)} s`,
        );
      }
      const slowdowns = beside.map((seconds, i) => 100 * (seconds / (alone[i] ?? seconds) - 1));
      return [
        {
          name: 'slowdownPercent',
          value: quantile(slowdowns, 0.5),
          unit: '%',
          goal: '<= 2',
          comparedWith: `the same compile with the engine paused, median of ${PAIRS} pairs`,
        },
        {
          name: 'compileSeconds',
          value: quantile(alone, 0.5),
          unit: 's',
          goal: null,
          comparedWith: null,
        },
      ];
    }),
};

/** @returns seconds it took to compile the generator REPEATS times, one compiler a core */
async function compile(): Promise<number> {
  const out = await mkdtemp(join(tmpdir(), 'beamtime-compile-'));
  const files = (await readdir(SOURCES, { recursive: true })).filter(
    (file) => file.endsWith('.c') && !file.startsWith('tests'),
  );
  const queue = Array.from({ length: REPEATS }, () => files).flat();
  const startedAt = performance.now();
  const worker = async () => {
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      await command('cc', ['-O3', '-c', join(SOURCES, file), '-o', join(out, `${queue.length}.o`)]);
    }
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, worker));
    return (performance.now() - startedAt) / 1000;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

function command(program: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${program}: exit ${code}`))));
  });
}
