import type { Tree } from '../../ninep/tree.ts';
import { listFolder, nodeAt, readFile } from '../../ninep/trees/index.ts';
import { sha256 } from '../../platform/files.ts';
import { outputHash } from '../../platform/output-hash.ts';
import type { OutputFile } from '../../protocol/primitives.ts';
import { type Card, OUT } from '../../protocol/work-unit.ts';
import { runWorkUnit } from '../../wasi/work-unit.ts';
import type { Program } from './program.ts';

/** What the program makes of a card on this computer. */
export interface Output {
  readonly outputHash: string;
  readonly files: readonly OutputFile[];
  /** @param path below out/ */
  read(path: string): Promise<Buffer>;
}

/** @throws WorkUnitFailed, TemplateRefused */
export async function compute(
  { wasm, release }: Program,
  card: Card,
  inputs: ReadonlyMap<string, Uint8Array>,
  signal: AbortSignal,
): Promise<Output> {
  const tree = await runWorkUnit({ wasm, release, card, inputs, signal });
  const files: OutputFile[] = [];
  for (const path of await filesBelow(tree, OUT)) {
    const bytes = await readFile(tree, path);
    const shown = Buffer.from(path.slice(OUT.length + 1), 'latin1').toString('utf8');
    files.push({ path: shown, sha256: sha256(bytes), bytes: bytes.length });
  }
  return {
    outputHash: outputHash(files),
    files,
    read: (path) => readFile(tree, `${OUT}/${Buffer.from(path, 'utf8').toString('latin1')}`),
  };
}

async function filesBelow(tree: Tree, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await listFolder(tree, folder)) {
    const path = `${folder}/${name}`;
    if ((await nodeAt(tree, path)).kind === 'directory') found.push(...(await filesBelow(tree, path)));
    else found.push(path);
  }
  return found;
}
