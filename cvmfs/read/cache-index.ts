import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** How exactly the order of use is kept for later processes. */
const TOUCH_MS = 600_000;

interface Known {
  bytes: number;
  /** When its file's time was last set, or found. */
  touchedMs: number;
}

/** What is in a cache, by the order of use: the first was used longest ago. Names are "ab/cdef…". */
export class Index {
  readonly quotaBytes: number;
  readonly pinned = new Set<string>();
  readonly #folder: string;
  #known = new Map<string, Known>();
  #bytes = 0;

  private constructor(folder: string, quotaBytes: number) {
    this.#folder = folder;
    this.quotaBytes = quotaBytes;
  }

  static async scan(folder: string, quotaBytes: number): Promise<Index> {
    const index = new Index(folder, quotaBytes);
    await index.rescan();
    return index;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isOver(): boolean {
    return this.#bytes > this.quotaBytes;
  }

  /** Zero where it is not known. */
  bytesOf(name: string): number {
    return this.#known.get(name)?.bytes ?? 0;
  }

  /** Notes a use. @returns whether the file's time should be set, for those who scan later */
  use(name: string, bytes: number): boolean {
    const before = this.#known.get(name);
    this.#known.delete(name);
    const now = Date.now();
    const touch = before !== undefined && before.touchedMs < now - TOUCH_MS;
    this.#known.set(name, { bytes, touchedMs: touch || !before ? now : before.touchedMs });
    this.#bytes += bytes - (before?.bytes ?? 0);
    return touch;
  }

  forget(name: string): void {
    this.#bytes -= this.#known.get(name)?.bytes ?? 0;
    this.#known.delete(name);
  }

  /** What must go to come down to so many bytes. */
  surplus(keepBytes: number): string[] {
    const names: string[] = [];
    let bytes = this.#bytes;
    for (const [name, known] of this.#known) {
      if (bytes <= keepBytes) break;
      if (this.pinned.has(name)) continue;
      names.push(name);
      bytes -= known.bytes;
    }
    return names;
  }

  /** Reads the folder: what others did is seen, and what this process used of late stays last. */
  async rescan(): Promise<void> {
    const found: { name: string; bytes: number; mtimeMs: number }[] = [];
    for (const part of await readdir(this.#folder)) {
      for (const rest of await readdir(join(this.#folder, part)).catch(() => [])) {
        const name = `${part}/${rest}`;
        const seen = await stat(join(this.#folder, name)).catch(() => null);
        if (seen?.isFile()) found.push({ name, bytes: seen.size, mtimeMs: seen.mtimeMs });
      }
    }
    const order = new Map([...this.#known.keys()].map((name, i) => [name, i]));
    found.sort((a, b) => (order.get(a.name) ?? -1) - (order.get(b.name) ?? -1) || a.mtimeMs - b.mtimeMs);
    this.#known = new Map(found.map(({ name, bytes, mtimeMs }) => [name, { bytes, touchedMs: mtimeMs }]));
    this.#bytes = found.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
