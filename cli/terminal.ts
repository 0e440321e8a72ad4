import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Where a command's words go: results to standard output, everything else to standard error. */
export interface Terminal {
  readonly json: boolean;
  /** A line of the result; nothing with --json. */
  say(line?: string): void;
  /** The result as a document; nothing without --json. */
  document(value: unknown): void;
  /** Raw text of an export, in either mode. */
  raw(text: string): void;
  /** Bytes of a file; resolves when they are taken, so that a slow reader holds us back. */
  bytes(data: Uint8Array): Promise<void>;
  /** Progress and notices. */
  note(line: string): void;
  style(style: Style, text: string): string;
}

interface Stream {
  write(data: string | Uint8Array, taken?: () => void): unknown;
  readonly isTTY?: boolean;
}

/** Colours only on a terminal, and never where NO_COLOR is set (https://no-color.org). */
export function makeTerminal(
  out: Stream,
  err: Stream,
  options: { json: boolean; env: Readonly<Record<string, string | undefined>> },
): Terminal {
  const colours = out.isTTY === true && !options.env.NO_COLOR && options.env.TERM !== 'dumb';
  return {
    json: options.json,
    say: (line = '') => {
      if (!options.json) out.write(`${line}\n`);
    },
    document: (value) => {
      if (options.json) out.write(`${JSON.stringify(value)}\n`);
    },
    raw: (text) => void out.write(text),
    bytes: (data) => new Promise((resolve) => void out.write(data, () => resolve())),
    note: (line) => void err.write(`${line}\n`),
    style: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
  };
}

export type Align = 'left' | 'right';

/** A table with a header; columns as wide as their widest cell, two spaces between. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly Align[],
): string[] {
  const all = [header, ...rows];
  const widths = header.map((_, i) => Math.max(...all.map((row) => cells(row[i] ?? ''))));
  return all.map((row) =>
    row
      .map((cell, i) => {
        const blank = ' '.repeat((widths[i] ?? 0) - cells(cell));
        return align[i] === 'right' ? blank + cell : cell + blank;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Terminal cells: combining marks take none. Control characters of others' names must not reach the terminal. */
function cells(text: string): number {
  return [...text.normalize('NFC')].filter((c) => !/\p{M}/u.test(c)).length;
}

/** A name that came from elsewhere, made safe to print: no control characters, so no escape sequences. */
export function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\u00b7');
}
