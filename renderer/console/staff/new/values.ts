import type { Field } from './fields.ts';

/**
 * Values as a person writes them into a form. What is no value of its kind stays the text it is: the server says what is
 * wrong with it, in the same words as for a pushed document.
 */
export function readValue({ kind, choices }: Pick<Field, 'kind' | 'choices'>, text: string): unknown {
  const trimmed = text.trim();
  switch (kind) {
    case 'number':
    case 'integer':
      return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
    case 'boolean':
      return trimmed === 'true' || trimmed === 'false' ? trimmed === 'true' : trimmed;
    case 'choice':
      return choices.find((one) => String(one) === trimmed) ?? trimmed;
    case 'choices':
      return trimmed === '[]'
        ? []
        : trimmed.split(/[\s,]+/).map((word) => choices.find((one) => String(one) === word) ?? word);
    case 'text':
      return text;
    case 'json':
      return jsonOr(trimmed);
  }
}

/** Several, with commas between them or each on its own line; sets and texts each on its own line. */
export function readValues(field: Pick<Field, 'kind' | 'choices'>, text: string): unknown[] {
  const separator = isByLine(field) ? /\n/ : /[\n,;]/;
  return text
    .split(separator)
    .filter((part) => part.trim() !== '')
    .map((part) => readValue(field, field.kind === 'text' ? part.trim() : part));
}

/** The text that readValue() reads as this. */
export function writeValue({ kind }: Pick<Field, 'kind'>, value: unknown): string {
  if (kind === 'choices' && Array.isArray(value))
    return value.length === 0 ? '[]' : value.map(String).join(' ');
  if (kind === 'json') return JSON.stringify(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function writeValues(field: Pick<Field, 'kind'>, values: readonly unknown[]): string {
  return values.map((value) => writeValue(field, value)).join(isByLine(field) ? '\n' : ', ');
}

export function isByLine({ kind }: Pick<Field, 'kind'>): boolean {
  return kind === 'choices' || kind === 'json' || kind === 'text';
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
