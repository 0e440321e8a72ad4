import { setTimeout as delay } from 'node:timers/promises';

/** Waits for a condition, looking often; fails after a generous time, saying what was awaited. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  withinMs = 30_000,
): Promise<T> {
  for (const end = Date.now() + withinMs; ; await delay(20)) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
  }
}
