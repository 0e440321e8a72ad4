import { isNumber, matchLine, numberOf } from '../../platform/line-pattern.ts';
import type { Comparator } from '../../protocol/release.ts';

export type NumbersRule = Extract<Comparator, { compare: 'numbers' }>;

/**
 * The first place where two texts do not say the same, or null where they do: as many lines that count, as many words in
 * each, words equal, and numbers within |a - b| <= absolute + relative * max(|a|, |b|).
 */
export function difference(a: string, b: string, rule: NumbersRule): string | null {
  const [these, those] = [countingLines(a, rule), countingLines(b, rule)];
  for (let i = 0; i < Math.max(these.length, those.length); i++) {
    const [one, other] = [these[i], those[i]];
    if (one === undefined || other === undefined)
      return `line ${one?.number ?? other?.number}: only one of them goes on`;
    if (one.text !== other.text && !wordsAgree(one.text, other.text, rule))
      return `line ${one.number}: ${shown(one.text)}, not ${shown(other.text)}`;
  }
  return null;
}

interface Line {
  readonly number: number;
  readonly text: string;
}

function countingLines(text: string, rule: NumbersRule): Line[] {
  return text
    .split('\n')
    .map((line, i) => ({ number: i + 1, text: line.trim() }))
    .filter((line) => line.text !== '' && !rule.ignore.some((pattern) => matchLine(pattern, line.text)));
}

function wordsAgree(a: string, b: string, rule: NumbersRule): boolean {
  const [these, those] = [a.split(WORD_ENDS), b.split(WORD_ENDS)];
  return (
    these.length === those.length && these.every((word, i) => word === those[i] || near(word, those[i], rule))
  );
}

const WORD_ENDS = /[\s,;]+/;

function near(one: string, other: string | undefined, rule: NumbersRule): boolean {
  if (other === undefined || !isNumber(one) || !isNumber(other)) return false;
  const [a, b] = [numberOf(one), numberOf(other)];
  // Beyond what a double holds, any tolerance would be infinite as well.
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= rule.absolute + rule.relative * Math.max(Math.abs(a), Math.abs(b));
}

function shown(line: string): string {
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 77)}...` : line);
}
