const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * How long to wait before connecting again: doubles from half a second to a quarter of a minute, spread by +-25 % so
 * that the windows of one engine do not come back together.
 * @param failures tries in a row that failed before this one
 * @param random uniform in [0, 1)
 */
export function retryDelayMs(failures: number, random: number): number {
  const base = Math.min(FIRST_MS * 2 ** Math.min(failures, 20), LONGEST_MS);
  return Math.round(base * (0.75 + 0.5 * random));
}
