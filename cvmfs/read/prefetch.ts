import { FormatError } from '../format/errors.ts';
import { CacheFault, NoServer, Refusal } from './errors.ts';
import type { Objects, WantedObject } from './objects.ts';

/** Requests under way, of which each waits for an answer most of its time. */
const MOST_REQUESTS = 12;
/** Under way together, so that what is wanted now has its share of the line: half a second at 20 Mbit/s. */
const MOST_BYTES = 1_250_000;
/** Under way whatever their size: while one large object comes the next is asked for, or the line stands still in between. */
const LEAST_REQUESTS = 3;
/** In one request, where a server packs. */
const PACK = { objects: 64, bytes: 256 * 1024 };
/** After so many in a row there is no network, or the profile is of something else. */
const MOST_FAILURES = 24;

/**
 * Loads objects in the order given, ahead of those who will ask for them: many small ones at once, but none while
 * somebody waits for something else. Ends when all are here, the cache has no more room, or nothing comes any more.
 */
export async function prefetch(
  objects: Objects,
  all: readonly WantedObject[],
  signal: AbortSignal,
): Promise<void> {
  objects.expect(all);
  let at = 0;
  let bytesUnderWay = 0;
  let failures = 0;
  let over = false;
  const underWay = new Set<Promise<void>>();

  const take = (): WantedObject[] => {
    const taken: WantedObject[] = [];
    let bytes = 0;
    const most = objects.packs ? PACK.objects : 1;
    for (let next = all[at]; next && taken.length < most; next = all[++at]) {
      if (taken.length > 0 && bytes + next.mostBytes > PACK.bytes) break;
      bytes += next.mostBytes;
      taken.push(next);
    }
    return taken;
  };

  const load = async (taken: readonly WantedObject[]) => {
    try {
      await objects.loadAhead(taken);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      const ofTheirs = error instanceof NoServer || error instanceof Refusal || error instanceof FormatError;
      if (!ofTheirs && !(error instanceof CacheFault)) throw error;
      // Who asks for it will be told; here it is a help that was not to be had.
      failures++;
      if (failures >= MOST_FAILURES || (error instanceof CacheFault && error.full)) over = true;
    }
  };

  while (at < all.length && !over && !signal.aborted) {
    await objects.quiet();
    const taken = take();
    const bytes = taken.reduce((sum, { mostBytes }) => sum + mostBytes, 0);
    const isFull = () =>
      underWay.size >= MOST_REQUESTS ||
      (underWay.size >= LEAST_REQUESTS && bytesUnderWay + bytes > MOST_BYTES);
    while (isFull()) await Promise.race(underWay);
    if (over) break;
    bytesUnderWay += bytes;
    const loading = load(taken).finally(() => {
      bytesUnderWay -= bytes;
      underWay.delete(loading);
    });
    underWay.add(loading);
  }
  await Promise.all(underWay);
}
