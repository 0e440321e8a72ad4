import { storable } from '../protocol/primitives.ts';

export const UNSTORABLE =
  'has a character that can not be kept (NUL, or half a surrogate pair); leave it out';

/** @returns where in a document the first text (or key) is that PostgreSQL can not keep; null where all can be kept */
export function unstorable(value: unknown): PropertyKey[] | null {
  if (typeof value === 'string') return storable(value) === value ? null : [];
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const step = Array.isArray(value) ? Number(key) : key;
    if (storable(key) !== key) return [];
    const found = unstorable(inner);
    if (found) return [step, ...found];
  }
  return null;
}
