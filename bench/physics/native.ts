/** A work unit run natively, in a temporary folder. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Card } from '../../protocol/work-unit.ts';
import { hashOf } from '../capsule/run.ts';

export interface NativeRun {
  readonly seconds: number;
  readonly residentMb: number;
  readonly blocks: string;
  /** As of a run in a capsule. */
  readonly hash: string;
}

export async function inFolder<T>(card: Card, body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-bench-'));
  try {
    await mkdir(join(folder, 'out'));
    await writeFile(join(folder, 'card.json'), JSON.stringify(card));
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function runNatively(program: string, card: Card, files: readonly string[] = []): Promise<NativeRun> {
  return inFolder(card, async (folder) => {
    const startedAt = performance.now();
    const child = spawn(program, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    let residentMb = 0;
    const watch = setInterval(() => {
      readFile(`/proc/${child.pid}/status`, 'utf8').then(
        (text) => {
          residentMb = Math.max(residentMb, Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024);
        },
        () => {}, // it has just ended
      );
    }, 100);
    const status = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    }).finally(() => clearInterval(watch));
    const seconds = (performance.now() - startedAt) / 1000;
    if (status !== 0) throw new Error(`the generator ended with ${status}`);
    return {
      seconds,
      residentMb,
      blocks: await readFile(join(folder, 'out/blocks.jsonl'), 'utf8'),
      hash: await hashOf(files, (path) => readFile(join(folder, path))),
    };
  });
}
