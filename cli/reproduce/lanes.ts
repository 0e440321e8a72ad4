/**
 * Works through items, so many at once; the first failure ends it when those under way have ended.
 * @returns results in the items' order
 */
export async function inLanes<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const made: R[] = [];
  const rest = items.entries();
  let failed = false;
  const lane = async () => {
    for (const [i, item] of rest) {
      if (failed) return;
      made[i] = await work(item);
    }
  };
  const running = Array.from({ length: Math.max(1, lanes) }, () =>
    lane().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const [broken] = (await Promise.allSettled(running)).filter((one) => one.status === 'rejected');
  if (broken) throw broken.reason;
  return made;
}
