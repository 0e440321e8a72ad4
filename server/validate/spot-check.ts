import { readFile } from '../../ninep/trees/index.ts';
import type { Release } from '../../protocol/release.ts';
import { BLOCKS, type Card, OUT } from '../../protocol/work-unit.ts';
import { runWorkUnit, WorkUnitFailed } from '../../wasi/work-unit.ts';
import { eventsOfBlock } from './blocks.ts';

/** The project could not regenerate a block here; says nothing of the result. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

/**
 * Which blocks of a result to regenerate: a share of them, at least one, each equally likely. The result is fixed
 * before, and the choice unpredictable, so a host cannot know which of its lines are looked at.
 * @param random an integer in [0, below)
 * @returns indexes, ascending
 */
export function chooseBlocks(blocks: number, fraction: number, random: (below: number) => number): number[] {
  const wanted = Math.min(blocks, Math.max(1, Math.round(blocks * fraction)));
  const pool = Array.from({ length: blocks }, (_, i) => i);
  // Fisher-Yates, as far as needed.
  for (let i = 0; i < wanted; i++) {
    const j = i + random(blocks - i);
    const chosen = pool[j] ?? j;
    pool[j] = pool[i] ?? i;
    pool[i] = chosen;
  }
  return pool.slice(0, wanted).sort((a, b) => a - b);
}

/** A block in which two results differ, any of them; null where there is none. */
export function differingBlock(
  lines: readonly string[],
  others: readonly string[],
  random: (below: number) => number,
): number | null {
  const differing = lines.flatMap((line, i) => (line === others[i] ? [] : [i]));
  return differing.length === 0 ? null : (differing[random(differing.length)] ?? null);
}

/** The card of block `index` of `card`'s work unit, as a work unit of its own. */
export function cardOfBlock(card: Card, index: number): Card {
  return { ...card, ...eventsOfBlock(card, index) };
}

/**
 * Regenerates one block with the release's WebAssembly program.
 * @returns its line of out/blocks.jsonl, without the newline
 * @throws CheckFailed
 */
export async function regenerateBlock(
  wasm: Uint8Array,
  release: Release,
  card: Card,
  signal: AbortSignal,
  inputs: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<string> {
  const tree = await runWorkUnit({ wasm, release, card, inputs, signal }).catch((cause: unknown) => {
    if (!(cause instanceof WorkUnitFailed)) throw cause;
    throw new CheckFailed(`regenerating a block ended with ${cause.message}`, { cause });
  });
  const text = (await readFile(tree, `${OUT}/${BLOCKS}`)).toString('utf8');
  const lines = text.split('\n');
  if (lines.length !== 2 || lines[1] !== '')
    throw new CheckFailed(`regenerating a block gave ${lines.length - 1} lines; the program must give one`);
  return lines[0] ?? '';
}
