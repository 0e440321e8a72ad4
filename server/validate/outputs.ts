import type { OutputFile } from '../../protocol/primitives.ts';
import type { Comparator, Release } from '../../protocol/release.ts';
import { Gate } from '../gate.ts';
import { ObjectDamaged } from '../objects/errors.ts';
import type { Objects } from '../objects/objects.ts';
import type { Entry } from '../objects/packs.ts';
import { BlocksInvalid, type Sums } from './blocks.ts';
import { difference } from './compare.ts';

export type DeclaredOutputs = NonNullable<Release['outputs']>;

/** A result of a program that writes no blocks: its files, and the bytes of those that came with the report. */
export interface FilesResult {
  readonly outputHash: string;
  readonly files: readonly OutputFile[];
  readonly contents: ReadonlyMap<string, Entry>;
}

/** A result that others are compared to: the first of those that agree with it. */
export interface Leader {
  readonly output_hash: string;
  readonly files: readonly OutputFile[];
}

/** Compared as a whole, in memory, and while others wait. */
const MAX_COMPARED_BYTES = 16e6;

/** Nothing to merge: what such a program computes stays in its files. */
export const NO_SUMS: Sums = { maximumPb: null, attempted: 0, accepted: 0, counts: [] };

/** @throws BlocksInvalid where the files are not those the release declares */
export function checkOutputs(files: readonly OutputFile[], declared: DeclaredOutputs): void {
  const extra = files.find((file) => !Object.hasOwn(declared, file.path));
  if (extra) throw new BlocksInvalid(`the output holds "${extra.path}", which the release does not declare`);
  for (const [path, { compare }] of Object.entries(declared)) {
    const file = files.find((one) => one.path === path);
    if (!file) throw new BlocksInvalid(`the output has no "${path}"`);
    if (compare === 'numbers' && file.bytes > MAX_COMPARED_BYTES)
      throw new BlocksInvalid(
        `"${path}" has ${file.bytes} bytes; at most ${MAX_COMPARED_BYTES} can be compared`,
      );
  }
}

const comparing = new Gate(2);

/**
 * Which of the leaders a result agrees with. "Agrees" does not carry over (a with b, b with c, but not a with c), so
 * results are never chained: each is compared to leaders alone, oldest first, and all that agree with one are a quorum's.
 * @returns the leader's output hash; the result's own where it agrees with none, which makes it a leader
 */
export async function leaderOf(
  objects: Objects,
  result: FilesResult,
  leaders: readonly Leader[],
  declared: DeclaredOutputs,
): Promise<string> {
  const same = leaders.find((leader) => leader.output_hash === result.outputHash);
  if (same) return same.output_hash;
  return comparing.pass(async () => {
    for (const leader of leaders) {
      if (await agree(objects, result, leader, declared)) return leader.output_hash;
    }
    return result.outputHash;
  });
}

async function agree(
  objects: Objects,
  result: FilesResult,
  leader: Leader,
  declared: DeclaredOutputs,
): Promise<boolean> {
  for (const [path, rule] of Object.entries(declared)) {
    const mine = result.files.find((file) => file.path === path);
    const theirs = leader.files.find((file) => file.path === path);
    if (!mine || !theirs) return false;
    if (mine.sha256 === theirs.sha256 || rule.compare === 'none') continue;
    if (rule.compare === 'exact') return false;
    const text = result.contents.get(mine.sha256)?.content ?? (await bytesOf(objects, mine.sha256));
    const other = await bytesOf(objects, theirs.sha256).catch(nullWhereDamaged);
    if (other === null || !textsAgree(text, other, rule)) return false;
  }
  return true;
}

function textsAgree(a: Buffer, b: Buffer, rule: Extract<Comparator, { compare: 'numbers' }>): boolean {
  return difference(a.toString('utf8'), b.toString('utf8'), rule) === null;
}

async function bytesOf(objects: Objects, sha256: string): Promise<Buffer> {
  const bytes = await objects.read(sha256);
  if (!bytes) throw new ObjectDamaged(sha256);
  return bytes;
}

/** Nobody can be asked to agree with what the project has lost; others will. */
function nullWhereDamaged(error: unknown): null {
  if (error instanceof ObjectDamaged) return null;
  throw error;
}
