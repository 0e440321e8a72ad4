/** ISO 3166-1 alpha-2, of those the browser has a name for. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Not of countries: user-assigned codes and unions that browsers name as well. */
const OTHERS = new Set(['EU', 'EZ', 'UN', 'QO', 'XA', 'XB', 'ZZ', 'AC', 'CP', 'CQ', 'DG', 'EA', 'IC', 'TA']);

/** In the page's language, which is known before anything is drawn. */
const language = () => document.documentElement.lang || 'en';
let made: Intl.DisplayNames | null = null;
function nameOf(code: string): string | undefined {
  made ??= new Intl.DisplayNames([language()], { type: 'region', fallback: 'none' });
  return made.of(code);
}

/** What a browser that knows no such country shows is its code. */
export function countryName(code: string): string {
  try {
    return nameOf(code) ?? code;
  } catch {
    return code;
  }
}

/** By their names. */
export function countries(): { readonly code: string; readonly name: string }[] {
  return (
    [...LETTERS]
      .flatMap((first) => [...LETTERS].map((second) => first + second))
      // Codes of countries that are no more are read as those of today.
      .filter((code) => !OTHERS.has(code) && new Intl.Locale(`und-${code}`).region === code)
      .map((code) => ({ code, name: nameOf(code) ?? '' }))
      .filter(({ name }) => name !== '')
      .sort((a, b) => a.name.localeCompare(b.name, language()))
  );
}
