/** Byte strings both, taken step by step: a regular expression could be made to take for ever. "\" escapes. */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let retry = 0;
  for (let i = 0; i < text.length; ) {
    const escaped = pattern[at] === '\\' && at + 1 < pattern.length;
    const wanted = escaped ? pattern[at + 1] : pattern[at];
    if (!escaped && wanted === '*') {
      star = at++;
      retry = i;
    } else if (at < pattern.length && ((!escaped && wanted === '?') || wanted === text[i])) {
      at += escaped ? 2 : 1;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++retry;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
