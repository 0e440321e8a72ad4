import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../platform/files.ts';
import type { Logger } from '../../platform/log.ts';

const KEPT_BYTES = 64 * 1024;
const KEPT_RUNS = 20;

/** The last bytes a program said. */
export class ConsoleTail {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk.slice(-KEPT_BYTES));
    this.#bytes += Math.min(chunk.length, KEPT_BYTES);
    for (
      let first = this.#chunks[0];
      first && this.#bytes - first.length >= KEPT_BYTES;
      first = this.#chunks[0]
    ) {
      this.#chunks.shift();
      this.#bytes -= first.length;
    }
  }

  /** As text that does no harm in a terminal or a page: control characters but line ends and tabs are gone. */
  text(lastCharacters = KEPT_BYTES): string {
    const raw = Buffer.concat(this.#chunks).toString('utf8');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
    return raw.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '').slice(-lastCharacters);
  }
}

/** Consoles of running units in memory, and of the last runs in a folder, by unit. */
export class Consoles {
  #folder: string;
  #log: Logger;
  #running = new Map<string, ConsoleTail>();

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  begin(unitId: string): ConsoleTail {
    const tail = new ConsoleTail();
    this.#running.set(unitId, tail);
    return tail;
  }

  /** Keeps the console on disk. Only for people: where that fails the work goes on. */
  async end(unitId: string): Promise<void> {
    const tail = this.#running.get(unitId);
    this.#running.delete(unitId);
    if (!tail) return;
    try {
      await mkdir(this.#folder, { recursive: true });
      await writeFileAtomic(this.#path(unitId), tail.text());
      await this.#thin();
    } catch (error) {
      this.#log.warn({ err: error }, 'console not kept');
    }
  }

  /** null when nothing is known of the unit. */
  async read(unitId: string): Promise<string | null> {
    const running = this.#running.get(unitId);
    if (running) return running.text();
    try {
      return await readFile(this.#path(unitId), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Unit ids are the server's text, so they name no files. */
  #path(unitId: string): string {
    return join(this.#folder, `unit-${createHash('sha256').update(unitId).digest('hex').slice(0, 24)}.txt`);
  }

  async #thin(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => name.startsWith('unit-'));
    if (names.length <= KEPT_RUNS) return;
    const aged = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(this.#folder, name))).mtimeMs })),
    );
    aged.sort((a, b) => a.at - b.at);
    for (const { name } of aged.slice(0, -KEPT_RUNS)) await rm(join(this.#folder, name), { force: true });
  }
}
