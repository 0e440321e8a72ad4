import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryTree } from './index.ts';
import { END, LockTable, locksOf, type Owner, range } from './locks.ts';

const session = {};
const owner = (procId: number, of: object = session): Owner => ({ session: of, procId, clientId: 'vm' });

describe('byte range locks', () => {
  test('are those of a table with a cell for each byte', () => {
    const bytes = 12;
    const step = fc.record({
      procId: fc.nat(2),
      start: fc.nat(bytes - 1),
      length: fc.nat(bytes),
      kind: fc.constantFrom<null | boolean>(null, true, false),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const table = new LockTable();
        // The last stands for all bytes up to the end.
        const cells: Map<number, boolean>[] = Array.from({ length: 2 * bytes + 1 }, () => new Map());
        for (const { procId, start, length, kind } of steps) {
          const wanted = range(BigInt(start), BigInt(length));
          const touched = cells.filter((_, at) => at >= start && (length === 0 || at < start + length));
          const stands = touched.some((cell) =>
            [...cell].some(([holder, exclusive]) => holder !== procId && (exclusive || kind === true)),
          );
          if (kind !== null) {
            expect(table.conflict(1n, owner(procId), wanted, kind) !== null).toBe(stands);
            if (stands) continue;
          }
          table.set(1n, owner(procId), wanted, kind);
          for (const cell of touched) {
            if (kind === null) cell.delete(procId);
            else cell.set(procId, kind);
          }
        }
        for (let at = 0; at < cells.length; at++) {
          for (const procId of [0, 1, 2]) {
            const one = range(BigInt(at), 1n);
            const others = [...(cells[at] ?? [])].filter(([holder]) => holder !== procId);
            expect(table.conflict(1n, owner(procId), one, true) !== null).toBe(others.length > 0);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('neighbours of one kind become one', () => {
    const table = new LockTable();
    for (const at of [0n, 20n, 10n]) table.set(1n, owner(1), range(at, 10n), true);
    expect(table.ofSession(session)).toEqual([
      { file: 1n, lock: { start: 0n, end: 30n, exclusive: true, owner: owner(1) } },
    ]);
    table.set(1n, owner(1), range(30n, 0n), false);
    expect(table.ofSession(session)).toHaveLength(2);
    expect(table.conflict(1n, owner(2), range(1n << 63n, 0n), true)?.end).toBe(END);
  });

  test('end with their connection, and have a limit for each', () => {
    const table = new LockTable();
    const other = {};
    table.set(1n, owner(1, other), range(0n, 1n), true);
    for (let i = 0; i < 4096; i++) expect(table.set(2n, owner(i), range(BigInt(3 * i), 1n), true)).toBe(true);
    expect(table.set(3n, owner(1), range(0n, 1n), true)).toBe(false);
    expect(table.set(3n, owner(1, other), range(0n, 1n), true)).toBe(true);
    expect(table.set(2n, owner(0), range(0n, 1n), null)).toBe(true);
    expect(table.set(3n, owner(1), range(5n, 1n), true)).toBe(true);
    table.releaseAll(session);
    expect(table.ofSession(session)).toEqual([]);
    expect(table.ofSession(other)).toHaveLength(2);
  });

  test('belong to the tree, whoever serves it', () => {
    const tree = memoryTree();
    expect(locksOf(tree)).toBe(locksOf(tree));
    expect(locksOf(tree)).not.toBe(locksOf(memoryTree()));
  });
});
