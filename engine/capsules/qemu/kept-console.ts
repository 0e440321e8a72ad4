import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../platform/files.ts';

const KEPT_RUNS = 20;
const KEPT_BYTES = 64 * 1024;

/** The last bytes of a stream of text. */
export class Tail {
  #pieces: Buffer[] = [];
  #bytes = 0;
  #dropped = false;

  push(chunk: Uint8Array): void {
    this.#pieces.push(Buffer.from(chunk));
    this.#bytes += chunk.length;
    if (this.#bytes <= 2 * KEPT_BYTES) return;
    this.#pieces = [Buffer.concat(this.#pieces).subarray(-KEPT_BYTES)];
    this.#bytes = KEPT_BYTES;
    this.#dropped = true;
  }

  text(): string {
    const text = Buffer.concat(this.#pieces).subarray(-KEPT_BYTES).toString('utf8');
    return this.#dropped || this.#bytes > KEPT_BYTES ? `[...]\n${text}` : text;
  }

  /** For messages: the last line that says something. */
  lastLine(): string {
    return this.text().trimEnd().split(/\r?\n/).at(-1) ?? '';
  }
}

/**
 * Writes one run's text for doctor and forgets the oldest beyond KEPT_RUNS. Names sort by time.
 * @param at when the run ended, milliseconds since 1970
 */
export async function keepConsole(folder: string, slotId: string, at: number, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const stamp = new Date(at).toISOString().replaceAll(':', '').replace('.', '-');
  const slot = slotId.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 60);
  await writeFileAtomic(join(folder, `${stamp}-${slot}.log`), text);
  const logs = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();
  for (const old of logs.slice(0, -KEPT_RUNS)) await rm(join(folder, old), { force: true });
}
