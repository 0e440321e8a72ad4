/** Runs evgen on a card in a folder of its own, built any way: what tests of physics and of the platform share. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostFolder } from '../../../ninep/trees/index.ts';
import { sha256 } from '../../../platform/files.ts';
import { outputHash } from '../../../platform/output-hash.ts';
import { Block, type Card } from '../../../protocol/work-unit.ts';
import { runProgram } from '../../../wasi/run.ts';
import { buildEvgen, type TargetName } from '../build.ts';

export interface EvgenParameters {
  energyGeV: number;
  processes?: string[];
  /** Beyond leading order; none unless given. */
  stages?: string[];
  hepmcEvents?: number;
  alphaSVariation?: number;
  showerScaleVariation?: number;
  strangeVariation?: number;
  diquarkVariation?: number;
  mZGeV?: number;
  gammaZGeV?: number;
  sin2thetaEff?: number;
  alphaInverse?: number;
  electronPolarisation?: number;
  positronPolarisation?: number;
}

export interface EvgenRun {
  readonly exitStatus: number;
  /** stdout and stderr. */
  readonly console: string;
  /** Files under out/ by path. */
  readonly out: ReadonlyMap<string, Buffer>;
  readonly progress: string;
  readonly live: string;
  /** platform/output-hash.ts over out/. */
  readonly hash: string;
}

const builds = new Map<TargetName, string>();
for (const { target, path, state } of await buildEvgen()) if (state !== 'skipped') builds.set(target, path);

/** Where each build of this machine lies. */
export const BUILDS: ReadonlyMap<TargetName, string> = builds;

/** The quickest build there is; every machine has one. */
export const BEST: TargetName = builds.has('native') ? 'native' : 'wasm32-wasi';

/** A card with small numbers where the caller does not care, at leading order unless it asks for more. */
export function card(parameters: EvgenParameters, rest: Partial<Omit<Card, 'parameters'>> = {}): Card {
  const { energyGeV, ...others } = parameters;
  return {
    seed: 1,
    firstEvent: 0,
    events: 1000,
    blockEvents: 1000,
    ...rest,
    parameters: { energyGeV, stages: [], ...others },
  };
}

async function readAll(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of (await readdir(folder)).sort()) files.set(name, await readFile(join(folder, name)));
  return files;
}

async function execute(build: TargetName, folder: string): Promise<{ exitStatus: number; console: string }> {
  const path = builds.get(build);
  if (!path) throw new Error(`evgen is not built for ${build} on this machine`);
  if (build === 'wasm32-wasi') return executeWasm(path, folder);
  return new Promise((resolve, reject) => {
    execFile(path, { cwd: folder }, (error, stdout, stderr) => {
      const exitStatus = error ? error.code : 0;
      if (typeof exitStatus === 'number') resolve({ exitStatus, console: stdout + stderr });
      else reject(error);
    });
  });
}

async function executeWasm(wasm: string, folder: string): Promise<{ exitStatus: number; console: string }> {
  let console = '';
  const outcome = await runProgram({
    wasm,
    args: ['evgen'],
    tree: hostFolder(folder),
    memoryMb: 64,
    wallSeconds: 600,
    signal: new AbortController().signal,
    onConsole: (chunk) => {
      console += Buffer.from(chunk).toString('utf8');
    },
  });
  if (outcome.state !== 'exited')
    throw new Error(`evgen did not exit: ${JSON.stringify(outcome)} ${console}`);
  return { exitStatus: outcome.exitStatus, console };
}

/** Runs one work unit to its end. A text as card is written as it is: it may be malformed. */
export async function runEvgen(cardOrText: Card | string, build: TargetName = BEST): Promise<EvgenRun> {
  const folder = await mkdtemp(join(tmpdir(), 'evgen-'));
  try {
    await mkdir(join(folder, 'out'));
    await writeFile(
      join(folder, 'card.json'),
      typeof cardOrText === 'string' ? cardOrText : JSON.stringify(cardOrText),
    );
    const ended = await execute(build, folder);
    const out = await readAll(join(folder, 'out'));
    const text = (name: string) => readFile(join(folder, name), 'utf8').catch(() => '');
    return {
      ...ended,
      out,
      progress: await text('progress'),
      live: await text('live'),
      hash: outputHash([...out].map(([path, bytes]) => ({ path, sha256: sha256(bytes) }))),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The lines of out/blocks.jsonl, checked. */
export function blocksOf(run: EvgenRun): Block[] {
  if (run.exitStatus !== 0) throw new Error(`evgen ended with ${run.exitStatus}: ${run.console}`);
  const text = run.out.get('blocks.jsonl')?.toString('utf8') ?? '';
  return text
    .trimEnd()
    .split('\n')
    .map((line) => Block.parse(JSON.parse(line)));
}
