import { TreeError } from '../../ninep/tree.ts';
import { TemplateRefused } from '../../platform/templates.ts';
import type { GivenResult } from '../../protocol/catalogue.ts';
import { BLOCKS, type Card } from '../../protocol/work-unit.ts';
import { BlocksInvalid, type Sums, sumBlocks } from '../../server/validate/blocks.ts';
import { NO_SUMS } from '../../server/validate/outputs.ts';
import { WorkUnitFailed } from '../../wasi/work-unit.ts';
import type { Api } from '../api.ts';
import { heldBytes } from '../catalogue.ts';
import { compute, type Output } from './compute.ts';
import { blockDifference, type Difference } from './difference.ts';
import type { Program } from './program.ts';

/** A work unit, and what the project holds of it. */
export interface HeldUnit {
  readonly unit: string;
  readonly card: Card;
  readonly results: readonly GivenResult[];
}

/** A file that is not the same. */
export interface FileDifference {
  readonly path: string;
  /** null: there is no such file. */
  readonly held: string | null;
  readonly computed: string | null;
}

/** How a result that the project holds differs from what is computed here. */
export interface ResultDifference {
  readonly lease: string;
  readonly host: string;
  readonly outputHash: string;
  readonly files: readonly FileDifference[];
  /** In words, where the blocks differ. */
  readonly where: string | null;
  readonly differences: readonly Difference[];
}

export interface UnitComparison {
  readonly unit: string;
  readonly card: Card;
  /** null: it can not be computed here, as `failed` says. */
  readonly outputHash: string | null;
  readonly failed: string | null;
  readonly differing: readonly ResultDifference[];
}

export interface ComputedUnit {
  readonly comparison: UnitComparison;
  /** null: it can not be computed here. */
  readonly sums: Sums | null;
}

export function isSame({ failed, differing }: UnitComparison): boolean {
  return failed === null && differing.length === 0;
}

/** Computes a unit again and lays it beside all that the project holds of it. */
export async function reproduceUnit(
  api: Api,
  program: Program,
  { unit, card, results }: HeldUnit,
  signal: AbortSignal,
): Promise<ComputedUnit> {
  const { release } = program;
  try {
    const inputs = await inputsOf(api, card, signal);
    const output = await compute(program, card, inputs, signal);
    const blocks = release.outputs ? null : await output.read(BLOCKS);
    const sums = blocks === null ? NO_SUMS : sumBlocks(blocks, card, release.histograms);
    const differing: ResultDifference[] = [];
    for (const result of results)
      if (result.outputHash !== output.outputHash)
        differing.push(
          await differenceOf(api, program, output, blocks?.toString('utf8') ?? null, result, signal),
        );
    return { comparison: { unit, card, outputHash: output.outputHash, failed: null, differing }, sums };
  } catch (error) {
    if (signal.aborted) throw error;
    if (!(error instanceof Error && isPrograms(error))) throw error;
    const failed = `it can not be computed here: ${error.message}`;
    return { comparison: { unit, card, outputHash: null, failed, differing: [] }, sums: null };
  }
}

/** Files of other work units that this one was computed from, as the project holds them. */
async function inputsOf(
  api: Api,
  { inputs = [] }: Card,
  signal: AbortSignal,
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (const { path, sha256 } of inputs) {
    const bytes = await heldBytes(api, sha256, signal);
    if (!bytes) throw new InputLost(`the project has its input ${path} no longer`);
    found.set(path, bytes);
  }
  return found;
}

class InputLost extends Error {
  override readonly name = 'InputLost';
}

/** TreeError: the program left no file of blocks. */
function isPrograms(error: Error): boolean {
  return [WorkUnitFailed, TemplateRefused, BlocksInvalid, TreeError, InputLost].some(
    (one) => error instanceof one,
  );
}

async function differenceOf(
  api: Api,
  { release }: Program,
  output: Output,
  blocks: string | null,
  { lease, host, outputHash, files: held }: GivenResult,
  signal: AbortSignal,
): Promise<ResultDifference> {
  const paths = new Set([...held, ...output.files].map((file) => file.path));
  const hashIn = (files: Output['files'], path: string) =>
    files.find((file) => file.path === path)?.sha256 ?? null;
  const files = [...paths]
    .map((path) => ({ path, held: hashIn(held, path), computed: hashIn(output.files, path) }))
    .filter((file) => file.held !== file.computed);
  const common = { lease, host, outputHash, files };
  const hash = files.find((file) => file.path === BLOCKS)?.held ?? null;
  if (blocks === null || hash === null) return { ...common, where: null, differences: [] };
  const kept = await heldBytes(api, hash, signal);
  if (!kept) {
    const where = `the project has the ${BLOCKS} of this result no longer, so it can not be said where it differs`;
    return { ...common, where, differences: [] };
  }
  const found = blockDifference(kept.toString('utf8'), blocks, release.histograms);
  if (!found) return { ...common, where: null, differences: [] };
  const { block, blocksDiffering, differences } = found;
  const more = blocksDiffering > 1 ? `, the first of ${blocksDiffering} blocks that differ` : '';
  return { ...common, where: `block ${block} (line ${block} of ${BLOCKS})${more}`, differences };
}
