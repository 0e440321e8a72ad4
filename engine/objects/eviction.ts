import type { Sha256 } from '../../protocol/primitives.ts';

export interface StoredObject {
  readonly sha256: Sha256;
  readonly bytes: number;
  /** Any scale that grows with time. */
  readonly usedAtMs: number;
}

/**
 * Which objects to remove, least recently used first, so that `wantedBytes` more fit below the limit.
 * @param needed objects that are never removed
 * @returns null when even removing all that may go is not enough
 */
export function toEvict(
  stored: readonly StoredObject[],
  wantedBytes: number,
  limitBytes: number,
  needed: ReadonlySet<Sha256>,
): StoredObject[] | null {
  let total = wantedBytes + stored.reduce((sum, object) => sum + object.bytes, 0);
  const removed: StoredObject[] = [];
  const oldestFirst = stored.filter((object) => !needed.has(object.sha256));
  oldestFirst.sort((a, b) => a.usedAtMs - b.usedAtMs);
  for (const object of oldestFirst) {
    if (total <= limitBytes) break;
    removed.push(object);
    total -= object.bytes;
  }
  return total <= limitBytes ? removed : null;
}
