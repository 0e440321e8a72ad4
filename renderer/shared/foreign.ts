/**
 * Words of others (names of projects, reasons, program output) may hold anything: they are shown as text only, isolated
 * with <bdi>, and made fit here. Controls of writing direction could make a name read as another; control characters
 * have no look; and nobody reads a name of a megabyte.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export const NAME_LENGTH = 160;
export const TEXT_LENGTH = 1200;

/** @param most characters; what is longer ends in "…" */
export function foreign(text: string, most = NAME_LENGTH): string {
  // Cut first: a megabyte is not worth a search.
  const cut = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return cut.toWellFormed().replaceAll(INVISIBLE, ' ').trim() || '?';
}
