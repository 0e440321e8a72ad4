import { lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as trees from './index.ts';
import {
  hostFolder,
  listFolder,
  Mailbox,
  memoryTree,
  nodeAt,
  stream,
  synthetic,
  type Tree,
  union,
} from './index.ts';
import { mountArguments, whyNoGuest } from './testkit/guest.ts';
import { guestWithProgram } from './testkit/guest-program.ts';
import { eventually, openFilesBelow, scratch, served } from './testkit/served.ts';

const FIRST_PORT = 5641;
const ENTRIES = 10_000;
const STEPS = 16;

/** What a tree holds, seen without 9P. */
interface Look {
  bytes(path: string): Promise<Buffer>;
  stats(
    path: string,
  ): Promise<{ mode: number; links: number; size: number; allocated: number; modifiedMs: number }>;
  /** Byte strings, sorted. */
  names(path: string): Promise<string[]>;
  target(path: string): Promise<string>;
}

function lookAtFolder(folder: string): Look {
  return {
    bytes: (path) => readFile(join(folder, path)),
    stats: async (path) => {
      const { mode, nlink, size, blocks, mtimeMs } = await lstat(join(folder, path));
      return { mode, links: nlink, size, allocated: blocks * 512, modifiedMs: mtimeMs };
    },
    names: async (path) => (await readdir(join(folder, path), 'latin1')).sort(),
    target: (path) => readlink(join(folder, path)),
  };
}

function lookAtTree(tree: Tree): Look {
  return {
    bytes: (path) => trees.readFile(tree, path),
    stats: async (path) => {
      const { mode, links, size, blocks512, modifiedNs } = await (await nodeAt(tree, path)).attributes();
      return {
        mode,
        links,
        size: Number(size),
        allocated: Number(blocks512) * 512,
        modifiedMs: Number(modifiedNs / 1_000_000n),
      };
    },
    names: (path) => listFolder(tree, path),
    target: async (path) => (await nodeAt(tree, path)).readLink(),
  };
}

/** The trees of the product, and how the guest mounts them (appliance/guest/init), but as root. */
const KINDS = [
  {
    kind: 'a host folder, cache=mmap',
    options: 'msize=131072,access=any,nosuid,nodev,cache=mmap',
    make: async () => {
      const folder = await scratch();
      await mkdir(join(folder, 'many'));
      for (let i = 0; i < ENTRIES; i++) await writeFile(join(folder, 'many', `entry-${i}`), '');
      return { tree: hostFolder(folder, { quotaBytes: 2 ** 31 }), look: lookAtFolder(folder), folder };
    },
  },
  {
    kind: 'memory, cache=mmap',
    options: 'msize=131072,access=any,nosuid,nodev,cache=mmap',
    make: async () => {
      const tree = memoryTree({ quotaBytes: 2 ** 31 });
      for (let i = 0; i < ENTRIES; i++) await trees.writeFile(tree, `many/entry-${i}`, '');
      return { tree, look: lookAtTree(tree), folder: null };
    },
  },
];

const why = whyNoGuest('musl-gcc');

describe.skipIf(why)(`the client in Linux's kernel${why ? ` (skipped: ${why})` : ''}`, () => {
  // One guest for all: it takes longer to boot than to do its work.
  test('does with files what programs do, and the host sees the same', async () => {
    const cases = [];
    for (const one of KINDS) {
      const { tree, look, folder } = await one.make();
      const mailbox = new Mailbox();
      const ctl = synthetic({ next: stream((signal) => mailbox.next(signal)) });
      const serving = await served(union({ job: tree, ctl }));
      cases.push({ ...one, look, folder, mailbox, serving, port: FIRST_PORT + cases.length });
    }
    const guest = await guestWithProgram(
      Object.fromEntries(cases.map(({ port, serving }) => [port, serving.server.socketPath])),
      fileURLToPath(new URL('./testkit/exercise.c', import.meta.url)),
    );
    for (const { kind, options, look, folder, mailbox, serving, port } of cases) {
      const { status, output } = await guest.run(
        `mount ${mountArguments(port, options)} /mnt && exercise /mnt/job /mnt/ctl/next && umount /mnt\n`,
      );
      expect(output, kind).not.toContain('FAILED');
      expect(status, `${kind}: ${output}`).toBe(0);
      expect(output.match(/^ok /gm), kind).toHaveLength(STEPS);
      await expectLeftBehind(look);

      // Unmounted, the client has given everything back.
      const [connection] = [...serving.server.connections];
      await eventually('no fid is left', () => (connection?.session.fids.size ?? 0) === 0);
      if (folder) expect(await openFilesBelow(folder)).toEqual([]);
      expect(serving.errors).toEqual([]);
      // The read that was given up took no message.
      mailbox.push('for the next');
      const client = await serving.client();
      expect((await client.read(await client.open('ctl/next'), 0, 100)).toString()).toBe('for the next');
    }
  }, 240_000);
});

/** What exercise.c must have left. */
async function expectLeftBehind(look: Look): Promise<void> {
  const text = async (path: string) => (await look.bytes(path)).toString('latin1');
  expect(await text('file')).toBe('Jello world!');
  expect((await look.stats('file')).mode).toBe(0o100640);
  const large = Buffer.from(Array.from({ length: 1 << 20 }, (_, i) => (Math.imul(i, 7919) >>> 5) & 0xff));
  expect((await look.bytes('large')).equals(large)).toBe(true);
  expect(await text('old')).toBe('new');
  expect(await text('gone')).toBe('another');
  expect(await text('three')).toBe('Shared');
  expect((await look.stats('three')).links).toBe(2);

  const many = new Set(await look.names('many'));
  expect(many.size).toBe(ENTRIES - ENTRIES / 100);
  expect([many.has('entry-100'), many.has('entry-101')]).toEqual([false, true]);

  const sparse = await look.stats('sparse');
  expect(sparse.size).toBe(2 ** 30);
  expect(sparse.allocated).toBeLessThan(1 << 20);

  const bytes = Array.from({ length: 255 }, (_, i) => i + 1).filter((byte) => byte !== 0x2f);
  const names = [
    ...bytes.map((byte) => `n${String.fromCharCode(byte)}`),
    `${String.fromCharCode(...bytes)}x`,
  ];
  expect(await look.names('names')).toEqual(names.sort());

  expect(await look.target('deep/up')).toBe('../file');
  expect(await look.target('absolute')).toBe('/proc/self');
  expect(await look.target('longest')).toBe('l'.repeat(4000));
  expect(await text('none')).toBe('made');
  expect(await text('cut')).toBe('\0\0\0');
  expect(await text('empty/file')).toBe('Moved');
  expect(await text('renamed/here')).toBe('x');
  const attributes = await look.stats('attributes');
  expect([attributes.mode & 0o7777, attributes.modifiedMs]).toEqual([0o751, 1_500_000_000_000]);
  const mapped = await text('mapped');
  expect(mapped).toHaveLength(8192);
  const words = 'over the edge of a page, and it goes on'.padEnd(90, '\0');
  expect(mapped.slice(4000, 4130)).toBe(`${words}${'m'.repeat(20)}${'\0'.repeat(20)}`);
  const left =
    'absolute attributes cut deep empty file gone large links locked longest loop many mapped names none old renamed sparse three';
  expect(await look.names('')).toEqual(left.split(' '));
}
