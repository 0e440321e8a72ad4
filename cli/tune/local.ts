import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makeFolders, memoryTree, readFile as readTreeFile, writeFile } from '../../ninep/trees/index.ts';
import { addUp, readBlocks, runCard } from '../../physics/report/runs.ts';
import type { Computed } from '../../physics/tune/tune.ts';
import { makeFolder, sha256, writeFileAtomic } from '../../platform/files.ts';
import type { CampaignSpec } from '../../protocol/campaign.ts';
import { Count } from '../../protocol/primitives.ts';
import { BLOCKS, type Block, CARD, type Card, OUT } from '../../protocol/work-unit.ts';
import { parameterCheck, pointProblem, points } from '../../server/campaigns/points.ts';
import { cutProblem } from '../../server/campaigns/push.ts';
import { pointSeed } from '../../server/campaigns/units.ts';
import { canonicalJson } from '../../server/canonical.ts';
import { ApiFailure } from '../../server/errors.ts';
import { runProgram } from '../../wasi/run.ts';
import { CliError, EXIT, RefusedError } from '../errors.ts';
import { missing, shorter } from '../push/files.ts';
import type { ReadRequest } from './request.ts';

export interface LocalOptions {
  /** How many samples at once. */
  readonly cores: number;
  /** Computed samples are kept here, so that a run that was ended goes on where it was. */
  readonly folder: string;
  readonly stopping: AbortSignal;
  readonly onProgress: (done: number, of: number) => void;
}

const STOPPED = 'stopped; the same command goes on with the samples that are not there yet';
const WALL_SECONDS = 86_400;
const MEMORY_MB = 64;

const KeptFile = z.strictObject({ events: Count, histograms: z.record(z.string(), z.array(Count)) });

type Run = (card: Card, stopping: AbortSignal) => Promise<Block[]>;

/** Computes a campaign's points on this machine: the same seeds and events as volunteers would, so the same histograms. */
export function localCompute(request: ReadRequest, options: LocalOptions) {
  const { run, hash } = programOf(request);
  return async (spec: CampaignSpec): Promise<Computed[]> => {
    refuseWhatProjectsDo(spec, request);
    await makeFolder(options.folder);
    const cards = points(spec).map((parameters, i) => {
      const { events } = spec;
      return { seed: pointSeed(spec.seed, i), firstEvent: 0, events, blockEvents: events, parameters };
    });
    // The first sample that fails, or Ctrl-C, ends the others too.
    const failed = new AbortController();
    const ending = AbortSignal.any([options.stopping, failed.signal]);
    let [next, done] = [0, 0];
    const made: Computed[] = [];
    const lane = async () => {
      while (next < cards.length && !ending.aborted) {
        const i = next++;
        const card = cards[i];
        if (!card) continue;
        const file = join(options.folder, `${sha256(canonicalJson({ program: hash, card }))}.json`);
        const kept = (await readKept(file)) ?? (await keep(file, addUp(await run(card, ending))));
        made[i] = { seed: card.seed, ...kept };
        options.onProgress(++done, cards.length);
      }
    };
    const lanes = Array.from({ length: options.cores }, () =>
      lane().catch((error: unknown) => {
        if (options.stopping.aborted) return;
        failed.abort();
        throw error;
      }),
    );
    const [broken] = (await Promise.allSettled(lanes)).filter((one) => one.status === 'rejected');
    if (options.stopping.aborted) throw new CliError(EXIT.failed, STOPPED);
    if (broken) throw broken.reason;
    return made;
  };
}

/** What is fitted here must be able to go to volunteers too. @throws RefusedError */
function refuseWhatProjectsDo(spec: CampaignSpec, { release, releaseFile }: ReadRequest): void {
  try {
    const problem = pointProblem(spec, parameterCheck(release.parameters)) ?? cutProblem(spec, release);
    if (problem) throw new RefusedError(`the samples can not be computed: ${problem.message}`);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    throw new RefusedError(`${shorter(releaseFile)}: ${error.message}`, { cause: error });
  }
}

type Kept = Omit<Computed, 'seed'>;

async function keep(file: string, { events, histograms }: Kept): Promise<Kept> {
  await writeFileAtomic(file, JSON.stringify({ events, histograms }), 0o644);
  return { events, histograms };
}

/** null where it is not there, or something has damaged it: then it is computed again. */
async function readKept(file: string): Promise<Kept | null> {
  const text = await readFile(file, 'utf8').catch(missing);
  if (text === null) return null;
  try {
    return KeptFile.parse(JSON.parse(text));
  } catch {
    return null; // said above
  }
}

/** The native program where this machine runs it, else the one in WebAssembly. @throws RefusedError */
function programOf({ programFiles, programs, releaseFile }: ReadRequest): { run: Run; hash: string } {
  const native =
    process.platform === 'linux' && process.arch === 'x64' ? programFiles['x86_64-linux'] : undefined;
  if (native !== undefined) {
    const run: Run = (card, signal) =>
      runCard(native, card, signal).catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new CliError(EXIT.failed, `the program did not finish: ${why}`, { cause });
      });
    return { run, hash: programs['x86_64-linux'] ?? '' };
  }
  const wasm = programFiles['wasm32-wasi'];
  if (wasm === undefined)
    throw new RefusedError(`no program of ${releaseFile} is built for this computer; build one first`);
  return { run: (card, signal) => runWasm(wasm, card, signal), hash: programs['wasm32-wasi'] ?? '' };
}

async function runWasm(wasm: string, card: Card, signal: AbortSignal): Promise<Block[]> {
  const tree = memoryTree({ quotaBytes: MEMORY_MB * 1e6 });
  await writeFile(tree, CARD, JSON.stringify(card));
  await makeFolders(tree, OUT);
  let printed = '';
  const outcome = await runProgram({
    wasm,
    args: ['program'],
    tree,
    memoryMb: MEMORY_MB,
    wallSeconds: WALL_SECONDS,
    signal,
    onConsole: (chunk) => {
      printed += Buffer.from(chunk).toString('utf8');
    },
  });
  if (outcome.state === 'exited' && outcome.exitStatus === 0)
    return readBlocks((await readTreeFile(tree, `${OUT}/${BLOCKS}`)).toString('utf8'));
  throw new CliError(EXIT.failed, `the program did not finish: ${JSON.stringify(outcome)} ${printed}`);
}
