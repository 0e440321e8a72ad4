import fc from 'fast-check';
import { expect, it } from 'vitest';
import { makeFolders, memoryTree, nodeAt, type Tree, writeFile } from '../ninep/index.ts';
import { counted } from '../ninep/testkit/counted.ts';
import { ERRNO, type ErrnoName, TreeError } from '../ninep/tree.ts';
import { splitFrames } from './requests.ts';
import { Session } from './session.ts';
import { asking, OPCODES, type Opcode } from './testkit/asking.ts';

const NO_OPEN = (1 << 17) | (1 << 24);

async function session(tree: Tree) {
  const errors: unknown[] = [];
  const made = new Session(tree, (error) => errors.push(error));
  let unique = 0n;
  return {
    session: made,
    errors,
    /** @returns the body, or which error */
    async ask(op: Opcode, node: bigint, body: Buffer = Buffer.alloc(0)): Promise<Buffer | ErrnoName | null> {
      const mine = ++unique;
      const parts = await made.answer(asking(op, mine, node, body));
      if (!parts) return null;
      const frame = Buffer.concat(parts);
      expect([frame.readUInt32LE(0), frame.readBigUInt64LE(8)]).toEqual([frame.length, mine]);
      const errno = -frame.readInt32LE(4);
      if (errno === 0) return frame.subarray(16);
      return (Object.keys(ERRNO) as ErrnoName[]).find((name) => ERRNO[name] === errno) ?? 'EIO';
    },
  };
}

const init = (minor: number, flags: number) =>
  Buffer.from(new Uint32Array([7, minor, 1 << 17, flags]).buffer);
const named = (name: string) => Buffer.from(`${name}\0`, 'latin1');
const range = (offset: bigint, bytes: number) => {
  const body = Buffer.alloc(40);
  body.writeBigUInt64LE(offset, 8);
  body.writeUInt32LE(bytes, 16);
  return body;
};
const buffer = (answer: Buffer | ErrnoName | null) => {
  if (!Buffer.isBuffer(answer)) throw new Error(`answered ${answer}`);
  return answer;
};
/** fuse_dirent: names, and where to go on after each. */
function listed(body: Buffer, head: number): { name: string; next: bigint }[] {
  const entries: { name: string; next: bigint }[] = [];
  for (let at = head; at < body.length; ) {
    const length = body.readUInt32LE(at + 16);
    const name = body.toString('latin1', at + 24, at + 24 + length);
    entries.push({ name, next: body.readBigUInt64LE(at + 8) });
    at += head + Math.ceil((24 + length) / 8) * 8;
  }
  return entries;
}

async function smallTree(): Promise<Tree> {
  const tree = memoryTree();
  await makeFolders(tree, 'folder');
  for (let i = 0; i < 100; i++) await writeFile(tree, `folder/file${i}`, Buffer.from(`content ${i}`));
  return tree;
}

it('agrees on no more than the kernel can, and refuses one that must open files', async () => {
  const { session: made, ask } = await session(memoryTree());
  const body = buffer(await ask('INIT', 0n, init(45, NO_OPEN | 1)));
  expect([body.readUInt32LE(0), body.readUInt32LE(4), body.readUInt32LE(12)]).toEqual([7, 31, NO_OPEN | 1]);
  expect(await made.begun).toBe(null);
  const old = await session(memoryTree());
  expect(await old.ask('INIT', 0n, init(27, 1))).toBe('EPROTO');
  expect((await old.session.begun)?.message).toContain('Linux 5.1');
});

it('tells nodes, their attributes and content; what is not there is not there for good', async () => {
  const tree = await smallTree();
  const { ask, session: made } = await session(tree);
  const folder = buffer(await ask('LOOKUP', 1n, named('folder'))).readBigUInt64LE(0);
  expect(folder).toBe((await nodeAt(tree, 'folder')).id);
  const file = buffer(await ask('LOOKUP', folder, named('file7')));
  const id = file.readBigUInt64LE(0);
  // fuse_attr: ino, size; mode.
  expect([file.readBigUInt64LE(40), file.readBigUInt64LE(48)]).toEqual([id, 9n]);
  expect(buffer(await ask('GETATTR', id)).readUInt32LE(16 + 60) & 0o170000).toBe(0o100000);
  expect(buffer(await ask('READ', id, range(3n, 100))).toString()).toBe('tent 7');
  expect(buffer(await ask('READ', id, range(9n, 100))).length).toBe(0);
  const missing = buffer(await ask('LOOKUP', folder, named('none')));
  expect([missing.readBigUInt64LE(0), missing.readBigUInt64LE(16)]).toEqual([0n, 1_000_000_000n]);
  expect(await ask('LOOKUP', id, named('below'))).toBe('ENOTDIR');
  expect(await ask('GETATTR', 4711n)).toBe('ESTALE');
  expect(made.nodes).toBe(3);
});

it.each(['READDIR', 'READDIRPLUS'] as const)('%s lists a folder in parts, each name once', async (op) => {
  const tree = counted(await smallTree());
  const { ask, session: made } = await session(tree.tree);
  const folder = buffer(await ask('LOOKUP', 1n, named('folder'))).readBigUInt64LE(0);
  const names: string[] = [];
  let parts = 0;
  for (let offset = 0n; ; parts++) {
    const entries = listed(buffer(await ask(op, folder, range(offset, 1000))), op === 'READDIR' ? 0 : 128);
    if (entries.length === 0) break;
    names.push(...entries.map(({ name }) => name));
    offset = entries.at(-1)?.next ?? 0n;
  }
  expect(parts).toBeGreaterThan(3);
  expect(names.sort()).toEqual(['.', '..', ...Array.from({ length: 100 }, (_, i) => `file${i}`)].sort());
  expect(made.nodes).toBe(op === 'READDIR' ? 2 : 102);
  // At its end a listing is closed.
  expect(tree.open()).toBe(0);
});

it('forgets what the kernel forgets, after as many times as it was told', async () => {
  const { ask, session: made } = await session(await smallTree());
  const folder = buffer(await ask('LOOKUP', 1n, named('folder'))).readBigUInt64LE(0);
  await ask('LOOKUP', 1n, named('folder'));
  const file = buffer(await ask('LOOKUP', folder, named('file1'))).readBigUInt64LE(0);
  const forget = (lookups: bigint) => Buffer.from(new BigUint64Array([lookups]).buffer);
  expect(await ask('FORGET', folder, forget(1n))).toBe(null);
  expect(made.nodes).toBe(3);
  const batch = Buffer.from(new BigUint64Array([2n, folder, 1n, file, 1n]).buffer);
  expect(await ask('BATCH_FORGET', 0n, batch)).toBe(null);
  expect(made.nodes).toBe(1);
  expect(await ask('GETATTR', file)).toBe('ESTALE');
});

it('keeps a bounded number of files open, each read right all the same, and closes them all', async () => {
  const tree = counted(await smallTree());
  const { ask, session: made } = await session(tree.tree);
  const folder = buffer(await ask('LOOKUP', 1n, named('folder'))).readBigUInt64LE(0);
  const reading = Array.from({ length: 100 }, async (_, i) => {
    const id = buffer(await ask('LOOKUP', folder, named(`file${i}`))).readBigUInt64LE(0);
    return buffer(await ask('READ', id, range(0n, 4096))).toString();
  });
  expect(await Promise.all(reading)).toEqual(Array.from({ length: 100 }, (_, i) => `content ${i}`));
  expect(tree.open()).toBeLessThanOrEqual(32);
  made.close();
  await expect.poll(() => tree.open()).toBe(0);
  expect(tree.closedAgain()).toBe(0);
});

it.each([
  ['MKDIR', 'EROFS'],
  ['UNLINK', 'EROFS'],
  ['WRITE', 'EROFS'],
  ['OPEN', 'ENOSYS'],
  ['OPENDIR', 'ENOSYS'],
  ['IOCTL', 'ENOSYS'],
] as const)('%s is answered with %s', async (op, errno) => {
  const { ask, errors } = await session(await smallTree());
  expect([await ask(op, 1n, named('x')), errors]).toEqual([errno, []]);
});

it('tells extended attributes, and first how long they are', async () => {
  const inner = await smallTree();
  const root = await inner.root();
  const xattrs = async () =>
    new Map([
      ['user.a', Buffer.from('one')],
      ['user.b', Buffer.from('two')],
    ]);
  const { ask } = await session({
    ...inner,
    root: async () => Object.assign(Object.create(root), { xattrs }),
  });
  const get = (bytes: number, name = '') =>
    Buffer.concat([Buffer.from(new Uint32Array([bytes, 0]).buffer), named(name)]);
  expect(buffer(await ask('LISTXATTR', 1n, get(0))).readUInt32LE(0)).toBe(14);
  expect(buffer(await ask('LISTXATTR', 1n, get(14))).toString()).toBe('user.a\0user.b\0');
  expect(buffer(await ask('GETXATTR', 1n, get(100, 'user.b'))).toString()).toBe('two');
  expect(await ask('GETXATTR', 1n, get(2, 'user.b'))).toBe('ERANGE');
  expect(await ask('GETXATTR', 1n, get(100, 'security.capability'))).toBe('ENODATA');
});

it('gives up a read that is interrupted', async () => {
  const inner = await smallTree();
  const root = await inner.root();
  const read = (_: bigint, __: number, signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      const interrupt = () => reject(new TreeError('EINTR', 'interrupted'));
      if (signal.aborted) interrupt();
      signal.addEventListener('abort', interrupt);
    });
  const file = { read, close: async () => {} };
  const { ask } = await session({
    ...inner,
    root: async () => Object.assign(Object.create(root), { open: async () => file }),
  });
  const reading = ask('READ', 1n, range(0n, 10));
  await ask('INTERRUPT', 0n, Buffer.from(new BigUint64Array([1n]).buffer));
  expect(await reading).toBe('EINTR');
});

it('takes any bytes for a request without failing, and opens nothing for good', async () => {
  const tree = counted(await smallTree());
  const { session: made } = await session(tree.tree);
  const opcode = fc.oneof(fc.constantFrom(...Object.values(OPCODES)), fc.nat(60));
  await fc.assert(
    fc.asyncProperty(opcode, fc.nat(3), fc.uint8Array({ maxLength: 80 }), async (op, node, bytes) => {
      const frame = asking('INIT', 1n, BigInt(node), Buffer.from(bytes));
      frame.writeUInt32LE(op, 4);
      const parts = await made.answer(frame);
      const body = Buffer.concat(parts ?? [Buffer.alloc(16)]);
      return parts === null || (body.readUInt32LE(0) === body.length && body.readInt32LE(4) <= 0);
    }),
    { numRuns: 20_000 },
  );
  made.close();
  await expect.poll(() => tree.open()).toBe(0);
});

it('finds the same requests however the pipe has cut them', () => {
  const frames = fc.array(
    fc.uint8Array({ maxLength: 50 }).map((body) => asking('LOOKUP', 1n, 1n, Buffer.from(body))),
  );
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 99 }), (all, step) => {
      const bytes = Buffer.concat(all);
      const found: Buffer[] = [];
      let rest: Buffer = Buffer.alloc(0);
      for (let at = 0; at < bytes.length; at += step) {
        const cut = splitFrames(Buffer.concat([rest, bytes.subarray(at, at + step)]));
        found.push(...cut.frames);
        rest = cut.rest;
      }
      expect([found, rest.length]).toEqual([all, 0]);
    }),
  );
  expect(() => splitFrames(Buffer.alloc(8))).toThrow(RangeError);
});
