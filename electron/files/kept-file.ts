import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { z } from 'zod';
import { writeFileAtomic } from '../../platform/files.ts';

/** What happened to a file that the person should know. */
export type FileTrouble =
  | { readonly kind: 'damaged'; readonly file: string; readonly movedTo: string }
  | { readonly kind: 'unreadable'; readonly file: string; readonly why: string }
  | { readonly kind: 'unwritable'; readonly file: string; readonly why: string };

/**
 * A small JSON file of the shell's own. One that is damaged is kept beside under another name and defaults are used;
 * one that cannot be written is told once, and what it was to hold goes on in memory.
 */
export class KeptFile<T> {
  readonly #path: string;
  readonly #schema: z.ZodType<T>;
  readonly #onTrouble: (trouble: FileTrouble) => void;
  #value: T;
  #writing: Promise<void> = Promise.resolve();
  #toldUnwritable = false;

  /** @param fallback where there is no file, or none that can be used */
  constructor(path: string, schema: z.ZodType<T>, fallback: T, onTrouble: (trouble: FileTrouble) => void) {
    this.#path = path;
    this.#schema = schema;
    this.#onTrouble = onTrouble;
    this.#value = this.#load() ?? fallback;
  }

  get value(): T {
    return this.#value;
  }

  /** In force at once; resolves when it is on disk or was told that it cannot be. */
  set(value: T): Promise<void> {
    this.#value = value;
    this.#writing = this.#writing.then(async () => {
      try {
        mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
        await writeFileAtomic(this.#path, `${JSON.stringify(value, null, 2)}\n`);
      } catch (error) {
        if (!this.#toldUnwritable)
          this.#onTrouble({ kind: 'unwritable', file: this.#path, why: plainWords(error) });
        this.#toldUnwritable = true;
      }
    });
    return this.#writing;
  }

  #load(): T | null {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT')
        this.#onTrouble({ kind: 'unreadable', file: this.#path, why: plainWords(error) });
      return null;
    }
    const parsed = this.#schema.safeParse(jsonOrNothing(text));
    if (parsed.success) return parsed.data;
    const aside = `${this.#path}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    try {
      renameSync(this.#path, aside);
      this.#onTrouble({ kind: 'damaged', file: this.#path, movedTo: basename(aside) });
    } catch (error) {
      this.#onTrouble({ kind: 'unreadable', file: this.#path, why: plainWords(error) });
    }
    return null;
  }
}

/** The system's refusal in words; its own text where we know no better. */
export function plainWords(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOSPC':
      return 'the disk is full';
    case 'EDQUOT':
      return "this user's share of the disk is used up";
    case 'EACCES':
    case 'EPERM':
      return 'this user may not use it';
    case 'EROFS':
      return 'the disk is read-only';
    case 'EISDIR':
      return 'a folder is in its place';
    case 'ENOTDIR':
      return 'a file is where its folder should be';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
