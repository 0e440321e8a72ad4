import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeAt, type Tree } from './index.ts';
import { split } from './testkit/client.ts';
import { counted } from './testkit/counted.ts';
import { FolderMachine, NinepMachine } from './testkit/machines.ts';
import { type Operation, operations, outcome } from './testkit/operations.ts';
import { type Served, STORING_TREES, scratch, served } from './testkit/served.ts';

/** Operations of which the two sides rightly differ: what a client of 9P would never ask, and what needs an open file. */
async function isComparable(operation: Operation, folder: FolderMachine): Promise<boolean> {
  if ('handle' in operation) {
    if (folder.handles === 0) return false;
    // 9P changes sizes by a fid that need not be open; ftruncate(2) by one that is open for reading Linux refuses itself.
    return operation.do !== 'resize' || folder.isWritable(operation.handle);
  }
  const paths = 'path' in operation ? [operation.path] : [operation.from, operation.to];
  for (const path of paths) if (await folder.hasLinkOnTheWay(path)) return false;
  if ('from' in operation) {
    // Where both are wrong, which is told depends on who looks first: Linux looks itself.
    const parents = [operation.from, operation.to].map((path) => split(path).folder);
    const areThere = await Promise.all(parents.map((path) => path === '' || isFolder(path, folder)));
    return areThere.includes(true);
  }
  if (operation.do === 'open')
    return (operation.flags & 3) !== 0 || !(await isFolder(operation.path, folder));
  if (operation.do === 'list' || operation.do === 'truncate' || operation.do === 'chmod') {
    return !(await folder.isLink(operation.path));
  }
  return true;
}

/** Directories are listed, not opened. */
async function isFolder(path: string, folder: FolderMachine): Promise<boolean> {
  const found = await outcome(folder, { do: 'lstat', path });
  return 'value' in found && !('size' in (found.value as object));
}

/** Everything below, as one value. */
async function snapshot(list: (operation: Operation) => Promise<unknown>, path = ''): Promise<unknown> {
  const names = (await list({ do: 'list', path })) as string[];
  const entries: [string, unknown][] = [];
  for (const name of names) {
    const below = path === '' ? name : `${path}/${name}`;
    const stats = (await list({ do: 'lstat', path: below })) as { mode: number; size?: number };
    const kind = stats.mode & 0o170000;
    if (kind === 0o040000) entries.push([name, [stats, await snapshot(list, below)]]);
    else if (kind === 0o120000) entries.push([name, [stats, await list({ do: 'readlink', path: below })]]);
    else entries.push([name, stats]);
  }
  return entries;
}

/** What a snapshot of the session would say of each fid must be so in the tree. */
async function checkPlaces(serving: Served, tree: Tree): Promise<void> {
  const [connection] = serving.server.connections;
  if (!connection) throw new Error('no connection');
  await connection.freeze();
  const { fids } = connection.save();
  for (const { fid, path } of fids) {
    const place = connection.session.fids.get(fid).place;
    if (path) expect((await nodeAt(tree, path.join('/'))).id, `fid ${fid}`).toBe(place.node.id);
    else expect(place.parent, `fid ${fid}`).not.toBeNull();
  }
  connection.thaw();
}

describe.each(STORING_TREES)('a tree of kind $name', ({ make }) => {
  test('does what a real folder does, whatever the sequence of operations', async () => {
    await fc.assert(
      fc.asyncProperty(operations, async (sequence) => {
        const { tree: inner } = await make();
        const { tree, open, closedAgain } = counted(inner);
        const serving = await served(tree);
        const client = await serving.client({ msize: 1 << 20 });
        const real = join(await scratch(), 'real');
        await mkdir(real);
        const [folder, ninep] = [new FolderMachine(real), new NinepMachine(client)];
        try {
          for (const [index, operation] of sequence.entries()) {
            if (!(await isComparable(operation, folder))) continue;
            const expected = await outcome(folder, operation);
            expect(await outcome(ninep, operation), `${index}: ${JSON.stringify(operation)}`).toEqual(
              expected,
            );
          }
          const found = await snapshot((operation) => ninep.carryOut(operation));
          expect(found).toEqual(await snapshot((operation) => folder.carryOut(operation)));
          await checkPlaces(serving, inner);
        } finally {
          await folder.close();
          await client.close();
          await serving.server.close();
        }
        expect(open()).toBe(0);
        expect(closedAgain()).toBe(0);
        expect(serving.errors).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
