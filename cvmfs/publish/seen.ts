import { createHash } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makeFolder } from '../../platform/files.ts';
import type { FileStamp } from './tasks.ts';
import type { Content } from './tree.ts';

/** Path, bytes, mtime and ctime in ns, inode, hash; then bytes and hash of each chunk where there is no hash. */
const Line = z.tuple([
  z.string(),
  z.number().int().nonnegative(),
  z.string(),
  z.string(),
  z.string(),
  z.string().nullable(),
  z.array(z.tuple([z.number().int().positive(), z.string()])),
]);
type Line = z.infer<typeof Line>;

const LINES_AT_ONCE = 10_000;

/**
 * What each file of a source was when it was read last: one that has the same size, times and inode is the same still.
 * A note and no more: where it is lost or damaged, all files are read again.
 */
export class Seen {
  readonly #file: string;
  readonly #head: string;
  /** By path; a line is taken apart when it is asked for. */
  readonly #before = new Map<string, string>();
  readonly #now = new Map<string, string>();
  #isOther = false;

  private constructor(file: string, head: string) {
    this.#file = file;
    this.#head = head;
  }

  /**
   * @param folder of all notes
   * @param source which one
   * @param how algorithm and compression: objects of others are not what is wanted now
   */
  static async open(folder: string, source: string, how: string): Promise<Seen> {
    const name = createHash('sha256').update(source).digest('hex').slice(0, 16);
    const seen = new Seen(join(folder, `${name}.jsonl`), JSON.stringify({ version: 1, source, how }));
    const text = await readFile(seen.#file, 'latin1').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const [head, ...lines] = text.split('\n');
    if (head !== seen.#head) return seen;
    for (const line of lines) {
      const end = line.indexOf('",');
      if (end > 0) seen.#before.set(line.slice(2, end), line);
    }
    return seen;
  }

  /** @returns what it held, if it is what it was */
  find(path: string, stamp: FileStamp): Content | null {
    const line = this.#before.get(quoted(path));
    const head = headOf(path, stamp);
    if (line === undefined || !line.startsWith(head)) return null;
    // Most files are one object; to parse thousands of lines takes longer than all else.
    const [, hash] = ONE_OBJECT.exec(line.slice(head.length)) ?? [];
    if (hash !== undefined) return { bytes: stamp.bytes, hash, chunks: null };
    const parsed = parse(line);
    if (!parsed) return null;
    const [, bytes, , , , whole, chunks] = parsed;
    let offset = 0;
    const pieces = chunks.map(([length, piece]) => {
      offset += length;
      return { offset: offset - length, bytes: length, hash: piece };
    });
    return { bytes, hash: whole, chunks: pieces.length > 0 ? pieces : null };
  }

  /** What was found is noted as it was. */
  keep(path: string): void {
    const line = this.#before.get(quoted(path));
    if (line !== undefined) this.#now.set(path, line);
  }

  note(path: string, stamp: FileStamp, content: Content): void {
    const chunks = (content.chunks ?? []).map(({ bytes, hash }) => [bytes, hash]);
    const line = `${headOf(path, stamp)}${JSON.stringify(content.hash)},${JSON.stringify(chunks)}]`;
    if (line !== this.#before.get(quoted(path))) this.#isOther = true;
    this.#now.set(path, line);
  }

  /** Replaces the notes by those of this time. */
  async save(): Promise<void> {
    if (!this.#isOther && this.#now.size === this.#before.size) return;
    const making = `${this.#file}.new`;
    await makeFolder(join(this.#file, '..'), 0o700);
    const file = await open(making, 'w', 0o600);
    try {
      await file.writeFile(`${this.#head}\n`);
      let lines: string[] = [];
      const flush = async () => {
        if (lines.length > 0) await file.writeFile(`${lines.join('\n')}\n`, 'latin1');
        lines = [];
      };
      for (const line of this.#now.values()) {
        lines.push(line);
        if (lines.length >= LINES_AT_ONCE) await flush();
      }
      await flush();
    } finally {
      await file.close();
    }
    await rename(making, this.#file).catch(async (error) => {
      await rm(making, { force: true });
      throw error;
    });
  }
}

/** As it stands between quotes at the head of a line. */
function quoted(path: string): string {
  return JSON.stringify(path).slice(1, -1);
}

/** A line up to what the file holds, as JSON.stringify() writes it. */
function headOf(path: string, { bytes, mtimeNs, ctimeNs, inode }: FileStamp): string {
  return `[${JSON.stringify(path)},${bytes},"${mtimeNs}","${ctimeNs}","${inode}",`;
}

const ONE_OBJECT = /^"([0-9a-f]{40}[a-z0-9-]*)",\[\]\]$/;

function parse(line: string): Line | null {
  try {
    return Line.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
