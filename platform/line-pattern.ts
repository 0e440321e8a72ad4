import type { LinePattern } from '../protocol/line-pattern.ts';

/** No line a person would write a pattern for is longer; it bounds what matching can cost. */
const MAX_LINE = 1000;

const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?/y;
const BLANKS = /[ \t]+/y;

/** Whether a word is one number and nothing else. */
export function isNumber(word: string): boolean {
  NUMBER.lastIndex = 0;
  return NUMBER.exec(word)?.[0].length === word.length;
}

/** The value of what isNumber() takes; Fortran writes the exponent of a double with a D. */
export function numberOf(word: string): number {
  return Number(word.replace(/[dD]/, 'e'));
}

/**
 * @returns the numbers that stand where the pattern has "#", or null where the line is another. Every part between two
 *   "*" is taken as far to the left as it fits, so the work grows with the line's length times the pattern's.
 */
export function matchLine(pattern: LinePattern, line: string): number[] | null {
  const text = line.trim();
  if (text.length > MAX_LINE) return null;
  const parts = pattern.split('*');
  const numbers: number[] = [];
  let at = 0;
  for (const [i, part] of parts.entries()) {
    const isFirst = i === 0;
    const isLast = i === parts.length - 1;
    let found: Fit | null = null;
    for (let from = at; from <= text.length && !found; from++) {
      const fit = fitAt(part, text, from);
      if (fit && (!isLast || part === '' || fit.end === text.length)) found = fit;
      if (isFirst) break;
    }
    if (!found) return null;
    numbers.push(...found.numbers);
    at = isLast && part === '' && !isFirst ? text.length : found.end;
  }
  return at === text.length ? numbers : null;
}

interface Fit {
  readonly end: number;
  readonly numbers: readonly number[];
}

/** A part without "*" at one place of the text. */
function fitAt(part: string, text: string, from: number): Fit | null {
  const numbers: number[] = [];
  let at = from;
  for (let i = 0; i < part.length; i++) {
    const sign = part[i];
    if (sign === '#' || sign === ' ') {
      const word = sign === '#' ? NUMBER : BLANKS;
      word.lastIndex = at;
      const found = word.exec(text)?.[0];
      if (found === undefined) return null;
      if (sign === '#') numbers.push(numberOf(found));
      at += found.length;
    } else {
      if (text[at] !== sign) return null;
      at++;
    }
  }
  return { end: at, numbers };
}
