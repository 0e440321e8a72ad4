/** ISO 3166-1 alpha-2, of those the browser has a name for. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Not of countries: user-assigned codes and unions that browsers name as well. */
const OTHERS = new Set(['EU', 'EZ', 'UN', 'QO', 'XA', 'XB', 'ZZ', 'AC', 'CP', 'CQ', 'DG', 'EA', 'IC', 'TA']);
const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });

/** What a browser that knows no such country shows is its code. */
export function countryName(code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}

export const countries: readonly { readonly code: string; readonly name: string }[] = [...LETTERS]
  .flatMap((first) => [...LETTERS].map((second) => first + second))
  // Codes of countries that are no more are read as those of today.
  .filter((code) => !OTHERS.has(code) && new Intl.Locale(`und-${code}`).region === code)
  .map((code) => ({ code, name: names.of(code) ?? '' }))
  .filter(({ name }) => name !== '')
  .sort((a, b) => a.name.localeCompare(b.name, 'en'));
