/** Crockford's base 32: what people mistake for another letter is none of them. */
export const CODE_LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Letters for people to copy by hand, in groups of four. @param random one number in [0, 32) for each letter */
export function letterCode(random: readonly number[]): string {
  return grouped(random.map((one) => CODE_LETTERS[one % CODE_LETTERS.length] ?? '0').join(''));
}

/** As a person may write it. */
export function readLetterCode(text: string): string {
  return grouped(text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1'));
}

function grouped(letters: string): string {
  return (letters.match(/.{1,4}/gsu) ?? []).join('-');
}
