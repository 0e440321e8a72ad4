export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly from: number; readonly to: number }
  | { readonly kind: 'unsatisfiable' };

/**
 * Reads a Range header (RFC 9110, section 14). One range of bytes is served; for anything else the whole, as
 * the RFC allows.
 * @param bytes length of the whole
 */
export function readRange(header: string | null | undefined, bytes: number): RangeAnswer {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec((header ?? '').trim());
  if (!match) return { kind: 'whole' };
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return { kind: 'whole' };
  if (first === '') {
    const suffix = Number(last);
    if (suffix === 0 || bytes === 0) return { kind: 'unsatisfiable' };
    return { kind: 'part', from: Math.max(0, bytes - suffix), to: bytes - 1 };
  }
  const from = Number(first);
  const to = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < from) return { kind: 'whole' };
  return from < bytes ? { kind: 'part', from, to } : { kind: 'unsatisfiable' };
}
