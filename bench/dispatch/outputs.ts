import { readFile } from 'node:fs/promises';
import { makeFolders, memoryTree, readFile as readTree, writeFile } from '../../ninep/trees/index.ts';
import { sha256 } from '../../platform/files.ts';
import { outputHash } from '../../platform/output-hash.ts';
import type { OutputFile } from '../../protocol/primitives.ts';
import type { Lease } from '../../protocol/project-api.ts';
import { BLOCKS, CARD, OUT } from '../../protocol/work-unit.ts';
import { runProgram } from '../../wasi/run.ts';

export interface Outputs {
  readonly files: readonly OutputFile[];
  readonly contents: readonly Buffer[];
  readonly outputHash: string;
}

type Card = Lease['card'];

/** What the generator writes for a card, by really running it. */
export async function computed(program: Uint8Array, card: Card, paths: readonly string[]): Promise<Outputs> {
  const tree = memoryTree({ quotaBytes: 64e6 });
  await writeFile(tree, CARD, JSON.stringify(card));
  await makeFolders(tree, OUT);
  const outcome = await runProgram({
    wasm: program,
    args: ['evgen'],
    tree,
    memoryMb: 64,
    wallSeconds: 120,
    signal: new AbortController().signal,
    onConsole: () => {},
  });
  if (outcome.state !== 'exited' || outcome.exitStatus !== 0)
    throw new Error(`the generator ended with ${JSON.stringify(outcome)}`);
  const contents = await Promise.all(paths.map((path) => readTree(tree, `${OUT}/${path}`)));
  return named(paths, contents);
}

/**
 * Outputs for simulated hosts: those of one real run for each point, with each unit's own event numbers. They have
 * the size and the structure of real ones and differ between units, and cost a simulated host next to nothing.
 */
export class Imitation {
  readonly #program: Uint8Array;
  readonly #paths: readonly string[];
  readonly #byPoint = new Map<
    string,
    { readonly card: Card; readonly outputs: Outputs; readonly tails: string[] }
  >();

  constructor(program: Uint8Array, paths: readonly string[]) {
    this.#program = program;
    this.#paths = paths;
  }

  async prepare(card: Card): Promise<void> {
    const outputs = await computed(this.#program, card, this.#paths);
    const lines = textOf(outputs, BLOCKS).trimEnd().split('\n');
    this.#byPoint.set(keyOf(card), {
      card,
      outputs,
      tails: lines.map((line) => line.slice(line.indexOf(','))),
    });
  }

  /** Blocks of the point's one real run. */
  lines(card: Card): string[] {
    return textOf(this.#of(card).outputs, BLOCKS).trimEnd().split('\n');
  }

  outputs(card: Card): Outputs {
    const { outputs, tails } = this.#of(card);
    const blocks = tails
      .map((tail, i) => `{"firstEvent":${card.firstEvent + i * card.blockEvents}${tail}\n`)
      .join('');
    const contents = this.#paths.map((path, i) =>
      path === BLOCKS
        ? Buffer.from(blocks)
        : Buffer.concat([
            outputs.contents[i] ?? Buffer.alloc(0),
            Buffer.from(`${card.firstEvent} ${card.seed}\n`),
          ]),
    );
    return named(this.#paths, contents);
  }

  #of(card: Card) {
    const found = this.#byPoint.get(keyOf(card));
    if (!found || found.card.events !== card.events)
      throw new Error('a card of another form than prepared for');
    return found;
  }
}

export async function generator(root: URL): Promise<Uint8Array> {
  try {
    return await readFile(new URL('build/evgen/evgen.wasm', root));
  } catch (cause) {
    throw new Error('build/evgen/evgen.wasm is not there; run npm start once, which builds it', { cause });
  }
}

function keyOf(card: Card): string {
  return JSON.stringify([Object.entries(card.parameters).sort(), card.blockEvents]);
}

function textOf(outputs: Outputs, path: string): string {
  const i = outputs.files.findIndex((file) => file.path === path);
  return outputs.contents[i]?.toString('utf8') ?? '';
}

function named(paths: readonly string[], contents: readonly Buffer[]): Outputs {
  const files = paths.map((path, i) => {
    const bytes = contents[i] ?? Buffer.alloc(0);
    return { path, sha256: sha256(bytes), bytes: bytes.length };
  });
  return { files, contents, outputHash: outputHash(files) };
}
