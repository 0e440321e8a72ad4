import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BLOCKS, Block, CARD, type Card, OUT } from '../../protocol/work-unit.ts';

const BLOCK_EVENTS = 5000;

/** Sums of a run's blocks. */
export interface Sums {
  readonly events: number;
  readonly crossSectionPb: { readonly value: number; readonly error: number };
  readonly histograms: Readonly<Record<string, readonly number[]>>;
}

/**
 * Runs a native program on one card, in a folder of its own.
 * @param signal ends the program early
 */
export async function runCard(program: string, card: Card, signal?: AbortSignal): Promise<Block[]> {
  const folder = await mkdtemp(join(tmpdir(), 'physics-report-'));
  try {
    await mkdir(join(folder, OUT));
    await writeFile(join(folder, CARD), JSON.stringify(card));
    await promisify(execFile)(program, { cwd: folder, ...(signal && { signal }) });
    return readBlocks(await readFile(join(folder, OUT, BLOCKS), 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function readBlocks(text: string): Block[] {
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => Block.parse(JSON.parse(line)));
}

/** Adds blocks of the same parameters up: whole numbers, in any order. */
export function addUp(blocks: readonly Block[]): Sums {
  const histograms: Record<string, number[]> = {};
  let [events, attempted, accepted, maximumPb] = [0, 0, 0, 0];
  for (const block of blocks) {
    events += block.events;
    attempted += block.crossSection.attempted;
    accepted += block.crossSection.accepted;
    maximumPb = block.crossSection.maximumPb;
    for (const [name, counts] of Object.entries(block.histograms)) {
      const sum = histograms[name];
      histograms[name] = sum ? sum.map((count, i) => count + (counts[i] ?? 0)) : counts;
    }
  }
  const share = attempted > 0 ? accepted / attempted : 0;
  const error = attempted > 0 ? maximumPb * Math.sqrt((share * (1 - share)) / attempted) : 0;
  return { events, crossSectionPb: { value: maximumPb * share, error }, histograms };
}

/** Runs the generator on every core at once, each on its own range of events of one seed. */
export async function runNative(
  program: string,
  parameters: Card['parameters'],
  events: number,
  seed: number,
): Promise<Sums> {
  const parts = Math.min(availableParallelism(), Math.ceil(events / BLOCK_EVENTS));
  const perPart = Math.ceil(events / parts / BLOCK_EVENTS) * BLOCK_EVENTS;
  const all = await Promise.all(
    Array.from({ length: parts }, (_, i) =>
      runCard(program, {
        seed,
        firstEvent: i * perPart,
        events: perPart,
        blockEvents: BLOCK_EVENTS,
        parameters,
      }),
    ),
  );
  return addUp(all.flat());
}
