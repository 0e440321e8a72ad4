import type { Release } from '../../protocol/release.ts';
import { BLOCKS } from '../../protocol/work-unit.ts';
import { BlocksInvalid, type Sums, sumBlocks } from '../../server/validate/blocks.ts';
import { NO_SUMS } from '../../server/validate/outputs.ts';
import type { Api } from '../api.ts';
import { heldBytes } from '../catalogue.ts';
import type { HeldUnit } from './unit.ts';

/** The sums of what the project holds of a unit; null where it holds its blocks no longer, or they are none. */
export async function heldSums(
  api: Api,
  release: Release,
  { card, results }: HeldUnit,
  signal: AbortSignal,
): Promise<Sums | null> {
  if (release.outputs) return NO_SUMS;
  const file = results[0]?.files.find(({ path }) => path === BLOCKS);
  const bytes = file ? await heldBytes(api, file.sha256, signal) : null;
  try {
    return bytes && sumBlocks(bytes, card, release.histograms);
  } catch (error) {
    if (error instanceof BlocksInvalid) return null;
    throw error;
  }
}
