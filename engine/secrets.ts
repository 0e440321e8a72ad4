import { homedir } from 'node:os';

const HIDDEN = '(secret)';

/**
 * Takes secrets out of text that leaves this computer: those known by their value, wherever they stand, and what looks
 * like one. The person's home folder becomes "~": it carries their name.
 * @param secrets tokens of this engine and its projects
 */
export function cleaner(secrets: readonly string[], home: string = homedir()): (text: string) => string {
  const known = secrets.filter((secret) => secret.length >= 8);
  return (text) => {
    let clean = text;
    for (const secret of known) clean = clean.replaceAll(secret, HIDDEN);
    clean = clean
      .replaceAll(/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`)
      .replaceAll(/([?&#;]|\b)((?:access_?)?token|password|secret)=[^\s&"'#]+/gi, `$1$2=${HIDDEN}`)
      .replaceAll(
        /"((?:[a-z]*_?)?(?:token|password|authorization))"\s*:\s*"(?:[^"\\]|\\.)*"/gi,
        `"$1":"${HIDDEN}"`,
      );
    return home.length > 3 ? clean.replaceAll(home, '~') : clean;
  };
}
