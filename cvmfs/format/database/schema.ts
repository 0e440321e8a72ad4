import { FormatError, type FormatPart } from '../errors.ts';

/** A row of sqlite_schema. */
export interface SchemaItem {
  readonly type: string;
  readonly name: string;
  readonly table: string;
  readonly root: number;
  readonly sql: string;
}

/** More than any catalog has. */
export const MOST_ITEMS = 100;

/**
 * Only plain tables and indices of columns: no views, triggers, virtual tables or expressions, by which a file would say
 * what it does not hold.
 * @throws FormatError
 */
export function checkSchema(part: FormatPart, items: readonly SchemaItem[], tables: readonly string[]): void {
  for (const { type, name, root, sql } of items) {
    const text = sql.toLowerCase();
    const plain = type === 'table' ? /^create table/ : /^create (unique )?index|^$/;
    const sound = (type === 'table' || type === 'index') && root > 0 && plain.test(text);
    if (!sound || /generated|\bas\b|\bwhere\b|\bcollate\b|\bwithout\b/.test(text))
      throw new FormatError(part, `its schema holds ${type} ${JSON.stringify(name.slice(0, 40))}`);
  }
  for (const table of tables) {
    if (!items.some(({ type, name }) => type === 'table' && name === table))
      throw new FormatError(part, `it has no table ${table}`);
  }
}

/** The names in the brackets of a CREATE TABLE or CREATE INDEX, without constraints. */
export function columnsOf(sql: string): string[] {
  const inner = sql.slice(sql.indexOf('(') + 1, sql.lastIndexOf(')'));
  const parts = [''];
  let depth = 0;
  for (const letter of inner) {
    if (letter === '(') depth++;
    if (letter === ')') depth--;
    if (letter === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts
    .map((part) => part.trim().split(/\s/)[0] ?? '')
    .filter((word) => !/^(constraint|primary|foreign|unique|check)\b/i.test(word))
    .map((word) => word.replace(/^["'`[]|["'`\]]$/g, '').toLowerCase());
}
