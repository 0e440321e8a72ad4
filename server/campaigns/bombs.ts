import { CST, type Document, isNode, isScalar, Lexer, visit } from 'yaml';
import { MAX_DEPTH } from '../depth.ts';

/**
 * Where a text is nested too deeply to be handed to a parser that calls itself: brackets that are open, and beside them
 * the indicators and the indentation of one line ("- - - x").
 * @returns null where it is not
 */
export function tooDeepAt(text: string): number | null {
  let brackets = 0;
  let line = 0;
  let offset = 0;
  /** The lexer marks a scalar, and then gives its text. */
  let isMarked = false;
  for (const source of new Lexer().lex(text)) {
    const type: CST.TokenType | null = isMarked ? null : CST.tokenType(source);
    isMarked = type === 'scalar';
    switch (type) {
      case 'flow-map-start':
      case 'flow-seq-start':
        brackets++;
        break;
      case 'flow-map-end':
      case 'flow-seq-end':
        brackets--;
        break;
      case 'seq-item-ind':
      case 'explicit-key-ind':
        line++;
        break;
      case 'newline':
        line = 0;
        break;
      case 'space':
        if (line === 0) line += source.length / 2;
        break;
    }
    if (brackets > MAX_DEPTH || line > MAX_DEPTH) return offset;
    // Marks of the lexer's own, which stand for no text.
    if (!['\u0002', '\u0018', '\u001f'].includes(source)) offset += source.length;
  }
  return null;
}

/**
 * The first key that a map has twice (the library's own search compares every key with every other), or that is no text: the
 * library writes those out as text, and again as part of each key around them, which doubles it each time.
 */
export function badKey(document: Document): { readonly problem: string; readonly offset: number } | null {
  let found: { problem: string; offset: number } | null = null;
  visit(document, {
    Map(_, { items, range }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) {
          const offset = (isNode(key) ? key.range : range)?.[0] ?? 0;
          found = { problem: 'a key must be text, and not a list, a map or an alias', offset };
          return visit.BREAK;
        }
        const name = String(key.value);
        if (seen.has(name)) {
          const problem = `keys must be unique, and "${name}" stands there twice; keep one`;
          found = { problem, offset: key.range?.[0] ?? 0 };
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return found;
}
