import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { makeFolders, memoryTree, readFile, writeFile } from '../../ninep/trees/index.ts';
import { Release } from '../../protocol/release.ts';
import { BLOCKS, Block, CARD, type Card, OUT } from '../../protocol/work-unit.ts';
import { runProgram } from '../../wasi/run.ts';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const PROGRAM = at('build/evgen/evgen.wasm');

/** Whether the generator is built here; tests that need it say so when they are skipped. */
export const hasEvgen = existsSync(PROGRAM);

export function evgenProgram(): Buffer {
  return readFileSync(PROGRAM);
}

/** The generator's own release document, without the files it names: its programs, its measurements. */
export function evgenRelease(): Omit<Release, 'programs'> {
  const {
    kind: _,
    references: __,
    ...document
  } = parse(readFileSync(at('physics/evgen/release.yaml'), 'utf8'));
  const { programs: ___, ...release } = Release.parse({
    ...document,
    programs: { 'wasm32-wasi': { sha256: '0'.repeat(64), bytes: 0 } },
  });
  return release;
}

/** The lines of blocks that the real program writes for a card. */
export async function evgenLines(card: Card): Promise<string[]> {
  const tree = memoryTree({ quotaBytes: 32e6 });
  await writeFile(tree, CARD, JSON.stringify(card));
  await makeFolders(tree, OUT);
  const outcome = await runProgram({
    wasm: PROGRAM,
    args: ['evgen'],
    tree,
    memoryMb: 64,
    wallSeconds: 60,
    signal: new AbortController().signal,
    onConsole: () => {},
  });
  if (outcome.state !== 'exited' || outcome.exitStatus !== 0) throw new Error(JSON.stringify(outcome));
  return (await readFile(tree, `${OUT}/${BLOCKS}`)).toString('utf8').trimEnd().split('\n');
}

export function sumOfLines(lines: readonly string[]): Pick<Block, 'crossSection' | 'histograms'> {
  const [first, ...rest] = lines.map((line) => Block.parse(JSON.parse(line)));
  if (!first) throw new Error('no lines');
  const { crossSection, histograms } = first;
  for (const block of rest) {
    crossSection.attempted += block.crossSection.attempted;
    crossSection.accepted += block.crossSection.accepted;
    for (const [name, counts] of Object.entries(histograms))
      histograms[name] = counts.map((count, i) => count + (block.histograms[name]?.[i] ?? 0));
  }
  return { crossSection, histograms };
}
