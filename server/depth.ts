/** Nothing people write is deeper; what walks a document calls itself for each level, and the stack has an end. */
export const MAX_DEPTH = 100;

export const TOO_DEEP = `is nested more than ${MAX_DEPTH} levels deep; make it flatter`;

/** Without calling itself. */
export function isTooDeep(value: unknown): boolean {
  const waiting: [unknown, number][] = [[value, 0]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [one, depth] = next;
    if (typeof one !== 'object' || one === null) continue;
    if (depth >= MAX_DEPTH) return true;
    for (const inner of Object.values(one)) {
      if (typeof inner === 'object' && inner !== null) waiting.push([inner, depth + 1]);
    }
  }
  return false;
}
