import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../platform/files.ts';
import { FormatError } from '../format/errors.ts';
import { decodeManifest } from '../format/manifest.ts';

/** The newest revision that was believed, in the bytes that made it so. */
export interface Believed {
  readonly manifest: Buffer;
  readonly whitelist: Buffer;
  readonly certificatePem: Buffer;
}

const PARTS = ['manifest', 'whitelist', 'certificatePem'] as const;

/** Kept by repository, so that no older revision is believed later, and to read without network. */
export class State {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  static async open(folder: string, repository: string): Promise<State> {
    const own = join(folder, 'repositories');
    await makeFolder(own);
    return new State(join(own, `${repository}.json`));
  }

  /** @returns null where nothing was kept, or it is damaged; its signatures are for the caller to check again */
  async read(): Promise<Believed | null> {
    try {
      const kept: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
      const part = (name: (typeof PARTS)[number]) => {
        const text =
          typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>)[name] : undefined;
        if (typeof text !== 'string') throw new SyntaxError(`${name} is missing`);
        return Buffer.from(text, 'base64');
      };
      return {
        manifest: part('manifest'),
        whitelist: part('whitelist'),
        certificatePem: part('certificatePem'),
      };
    } catch (error) {
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Keeps it, unless another process has kept a newer one meanwhile. */
  async write(believed: Believed): Promise<void> {
    const kept = await this.read();
    if (kept && revisionOf(kept) > revisionOf(believed)) return;
    const texts = PARTS.map((name) => [name, believed[name].toString('base64')]);
    await writeFileAtomic(this.#file, `${JSON.stringify(Object.fromEntries(texts))}\n`, 0o644);
  }
}

function revisionOf(believed: Believed): number {
  try {
    return decodeManifest(believed.manifest).manifest.revision;
  } catch (error) {
    if (error instanceof FormatError) return -1;
    throw error;
  }
}
