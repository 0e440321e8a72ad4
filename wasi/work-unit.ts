import { byteString, type Tree } from '../ninep/tree.ts';
import { makeFolders, memoryTree, writeFile } from '../ninep/trees/index.ts';
import { fillRelease } from '../platform/templates.ts';
import type { Release } from '../protocol/release.ts';
import { CARD, type Card, OUT } from '../protocol/work-unit.ts';
import { runProgram } from './run.ts';

/** The program did not come to its end; `message` says how it ended. */
export class WorkUnitFailed extends Error {
  override readonly name = 'WorkUnitFailed';
}

export interface WorkUnitRun {
  readonly wasm: Uint8Array;
  readonly release: Release;
  readonly card: Card;
  /** What the card names as inputs, by path. */
  readonly inputs?: ReadonlyMap<string, Uint8Array>;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

/** Besides the output: card, input files, `progress` and `live`; as much as an engine gives. */
const OTHER_BYTES = 32 * 1024 * 1024;

/**
 * Runs the release's WebAssembly program on a card, as any host does.
 * @returns the work unit's directory, complete
 * @throws WorkUnitFailed; TemplateRefused where the release's texts can not be made from this card
 */
export async function runWorkUnit({
  wasm,
  release,
  card,
  inputs = new Map(),
  signal,
}: WorkUnitRun): Promise<Tree> {
  const given = [...inputs].reduce((sum, [, bytes]) => sum + bytes.length, 0);
  const tree = memoryTree({ quotaBytes: release.limits.outputBytes + OTHER_BYTES + given });
  const { args, files } = fillRelease(release, card);
  await writeFile(tree, CARD, JSON.stringify(card));
  for (const [path, text] of files) await writeFile(tree, byteString(path), text);
  for (const [path, bytes] of inputs) await writeFile(tree, byteString(path), bytes);
  await makeFolders(tree, OUT);
  const said: Uint8Array[] = [];
  const outcome = await runProgram({
    wasm,
    args: [release.application, ...args],
    tree,
    memoryMb: release.limits.memoryMb,
    wallSeconds: release.limits.wallSeconds,
    signal,
    onConsole: (chunk) => said.push(chunk),
  });
  if (outcome.state === 'exited' && outcome.exitStatus === 0) return tree;
  if (outcome.state === 'exited') {
    const tail = Buffer.concat(said).toString('utf8').slice(-300);
    throw new WorkUnitFailed(`status ${outcome.exitStatus}: ${tail}`);
  }
  throw new WorkUnitFailed(outcome.state === 'broken' ? outcome.reason : 'stopped');
}
