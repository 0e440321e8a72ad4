import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { RefusedError } from '../errors.ts';

/** A YAML document (JSON is one) with the places of its parts. */
export interface DocumentText {
  readonly file: string;
  /** As it is sent: the file's text with the overrides put in, line by line the same. */
  readonly text: string;
  readonly value: unknown;
  /** "release.yaml:12" for a path such as ["limits", "memoryMb"]; the nearest part that is there. */
  at(path: readonly PropertyKey[]): string;
}

/** Enough for anything a person writes; expanding aliases beyond it is an attack. */
const MAX_ALIASES = 200;

/**
 * @param file its name, for messages
 * @param overrides top-level keys to set, whatever the text says
 * @throws RefusedError as FILE:LINE: MESSAGE
 */
export function readText(
  file: string,
  original: string,
  overrides: Readonly<Record<string, string | number>> = {},
): DocumentText {
  const text = withOverrides(file, original, overrides);
  const { document, lines } = parse(file, text);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    throw new RefusedError(`${file}:1: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  const at = (path: readonly PropertyKey[]) => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return `${file}:${lines.linePos(node.range[0]).line}`;
    }
    return `${file}:1`;
  };
  return { file, text, value, at };
}

/** Replaces the values in the text itself, so that line numbers stay those of the file. */
function withOverrides(
  file: string,
  text: string,
  overrides: Readonly<Record<string, string | number>>,
): string {
  let changed = text;
  for (const [key, value] of Object.entries(overrides)) {
    const { contents } = parse(file, changed).document;
    if (!isMap(contents)) throw new RefusedError(`${file}:1: expected a document of keys and values`);
    const node = contents.get(key, true);
    if (node === undefined) {
      if (contents.flow) throw new RefusedError(`${file}:1: has no "${key}" to replace`);
      changed = `${changed.replace(/\n?$/, '\n')}${key}: ${JSON.stringify(value)}\n`;
    } else if (isScalar(node) && node.range) {
      const [start, end] = node.range;
      changed = changed.slice(0, start) + JSON.stringify(value) + changed.slice(end);
    } else {
      throw new RefusedError(`${file}:1: "${key}" is not a single value`);
    }
  }
  return changed;
}

function parse(file: string, text: string) {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error) throw new RefusedError(`${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  return { document, lines };
}
