import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folderTold, makePublished, type PublishedRepository, treeOf } from '../../testkit/published.ts';
import { scratch } from '../../testkit/sample.ts';
import {
  debSource,
  debsIn,
  folderSource,
  ociSource,
  publish,
  type Source,
  tarSource,
  withDependencies,
} from '../index.ts';
import { readTar } from './tar.ts';

const folder = scratch();
const owner = { uid: 0, gid: 0 };
let published: PublishedRepository;
beforeAll(async () => {
  published = await makePublished(folder, { chunkBytes: { min: 4096, average: 8192, max: 16_384 } });
});
afterAll(() => published?.close());

const at = (...path: string[]) => join(folder, ...path);
function write(path: string, content: string | Buffer): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
}
const publishAt = (source: Source, path: string) =>
  published.with((publisher) => publish(publisher, source, { at: path, threads: 1 }));
const tar = (...args: string[]) =>
  execFileSync('tar', args, { env: { ...process.env, TZ: 'UTC' }, maxBuffer: 1e8 });
async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}
const random = (bytes: number, seed: string) => {
  const parts = Array.from({ length: Math.ceil(bytes / 64) }, (_, i) =>
    createHash('sha512').update(`${seed}${i}`).digest(),
  );
  return Buffer.concat(parts).subarray(0, bytes);
};

test('what GNU tar writes is published as the folder itself is', async () => {
  const source = at('tree');
  write(join(source, 'a'), 'content of a');
  write(join(source, 'deep', 'x'.repeat(120), 'y'.repeat(120)), 'a long name');
  write(join(source, 'large'), random(60_000, 'large'));
  write(join(source, 'empty'), '');
  writeFileSync(Buffer.from(`${source}/latin-\xe9`, 'latin1'), 'not UTF-8');
  linkSync(join(source, 'a'), join(source, 'b'));
  symlinkSync('z'.repeat(150), join(source, 'link'));
  execFileSync('mkfifo', [join(source, 'pipe')]);
  const want = folderTold(source);
  for (const format of ['pax', 'gnu']) {
    const bytes = tar('c', `--format=${format}`, '-C', source, '.');
    const packed = format === 'pax' ? gzipSync(bytes) : bytes;
    await publishAt(
      tarSource(() => pieces(packed, 1000), null),
      `/${format}`,
    );
    const told = await treeOf(await published.open());
    const below = Object.entries(told).filter(
      ([path]) => path === `/${format}` || path.startsWith(`/${format}/`),
    );
    const got = Object.fromEntries(below.map(([path, what]) => [path.slice(format.length + 1), what]));
    // GNU's own format has whole seconds.
    const rounded = (text: string) => (format === 'pax' ? text : text.replace(/\.\d+ /, '.0 '));
    expect(got).toEqual(
      Object.fromEntries(Object.entries(want).map(([path, what]) => [path, rounded(what)])),
    );
  }
  const { snapshot } = await published.open();
  expect((await snapshot.lookup('/pax/b')).entry).toMatchObject({
    links: 2,
    hardlinkGroup: expect.any(Number),
  });
  expect((await snapshot.lookup('/pax/large')).entry.chunked).toBe(true);
  // A path alone was replaced: the other is as it was.
  expect((await snapshot.list('')).map(({ path }) => path)).toEqual(['/gnu', '/pax']);
});

test('extended attributes come with a tar archive', async () => {
  const record = 'SCHILY.xattr.user.mine=\x00\xff';
  const length = record.length + 4;
  const pax = Buffer.from(`${length} ${record}\n`, 'latin1');
  const archive = Buffer.concat([
    member('x', 'PaxHeader', pax),
    member('0', 'file', Buffer.from('x')),
    Buffer.alloc(1024),
  ]);
  await publishAt(
    tarSource(() => pieces(archive, 512), owner),
    '/attributed',
  );
  const { entry } = await (await published.open()).snapshot.lookup('/attributed/file');
  expect([...entry.xattrs]).toEqual([['user.mine', Uint8Array.of(0, 255)]]);
});

test('an archive that is none, or leads out of itself, is refused', async () => {
  const refused = async (bytes: Buffer) => {
    for await (const _ of readTar(pieces(bytes, 700)));
  };
  await expect(refused(Buffer.alloc(2000, 'x'))).rejects.toThrow('no tar archive');
  await expect(refused(member('0', '../outside', Buffer.from('x')))).rejects.toThrow('leads out');
  await expect(refused(member('S', 'sparse', Buffer.alloc(0)))).rejects.toThrow('type "S"');
  await expect(refused(member('0', 'file', Buffer.alloc(600)).subarray(0, 700))).rejects.toThrow('cut off');
  await expect(
    publishAt(
      tarSource(() => pieces(Buffer.alloc(3000, 'x'), 999), owner),
      '/bad',
    ),
  ).rejects.toThrow('tar');
});

test('an image’s layers are laid over one another', async () => {
  const layers = [at('layer-1'), at('layer-2')];
  const [one = '', two = ''] = layers;
  write(join(one, 'bin/tool'), 'old tool');
  write(join(one, 'bin/kept'), 'kept');
  write(join(one, 'gone/file'), 'gone');
  write(join(one, 'opaque/old'), 'old');
  symlinkSync('bin', join(one, 'linked'));
  write(join(two, 'bin/tool'), 'new tool');
  linkSync(join(two, 'bin/tool'), join(two, 'bin/same'));
  write(join(two, '.wh.gone'), '');
  write(join(two, 'opaque/.wh..wh..opq'), '');
  write(join(two, 'opaque/new'), 'new');
  write(join(two, 'linked/through'), 'through a link');
  const image = at('image');
  const blob = (bytes: Buffer) => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    write(join(image, 'blobs/sha256', digest), bytes);
    return { digest: `sha256:${digest}`, size: bytes.length };
  };
  // The mark of what is hidden may stand after what is not.
  const contents = [['.'], ['bin', 'linked', '.wh.gone', 'opaque/new', 'opaque/.wh..wh..opq']];
  const [first, second] = layers.map((layer, i) =>
    blob(gzipSync(tar('c', '-C', layer, ...(contents[i] ?? [])))),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';
  const manifest = {
    schemaVersion: 2,
    layers: [first, second].map((layer) => ({ mediaType: layerType, ...layer })),
  };
  const described = { mediaType, ...blob(Buffer.from(JSON.stringify(manifest))) };
  write(join(image, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [described] }));
  const { progress } = await publishAt(ociSource(image, 'amd64', owner), '/image');
  const told = await treeOf(await published.open());
  const files = Object.keys(told)
    .filter((path) => path.startsWith('/image/'))
    .map((path) => path.slice(7))
    .sort();
  expect(files).toEqual([
    'bin',
    'bin/kept',
    'bin/same',
    'bin/through',
    'bin/tool',
    'linked',
    'opaque',
    'opaque/new',
  ]);
  const { snapshot } = await published.open();
  expect((await snapshot.readFile('/image/bin/same')).toString()).toBe('new tool');
  // What upper layers hide is not stored.
  expect(progress.files).toBe(5);
  writeFileSync(
    join(image, 'blobs/sha256', first?.digest.slice(7) ?? ''),
    gzipSync(tar('c', '-C', two, '.')),
  );
  await expect(publishAt(ociSource(image, 'amd64', owner), '/image')).rejects.toThrow('damaged');
});

test('Debian packages come with what they need', async () => {
  const packages = at('packages');
  mkdirSync(packages);
  const build = (name: string, control: string, files: Record<string, string>) => {
    const root = at(`deb-${name}`);
    for (const [path, content] of Object.entries(files)) write(join(root, path), content);
    write(
      join(root, 'DEBIAN/control'),
      `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b.c>\nDescription: x\n${control}`,
    );
    execFileSync('dpkg-deb', ['--build', '--root-owner-group', root, packages], { stdio: 'pipe' });
  };
  build('tool', 'Depends: library (>= 1), missing | virtual\n', { 'usr/bin/tool': 'tool' });
  build('library', 'Depends: tool\n', { 'lib/library.so': 'library' });
  build('provider', 'Provides: virtual (= 1)\n', { 'usr/share/provider': 'provider' });
  build('unneeded', 'Depends: nowhere\n', { 'usr/unneeded': 'x' });
  const all = await debsIn(packages);
  expect(withDependencies(['tool'], all).map(({ name }) => name)).toEqual(['library', 'provider', 'tool']);
  expect(() => withDependencies(['unneeded'], all)).toThrow('nowhere is missing; unneeded needs it');
  const files = withDependencies(['tool'], all).map(({ file }) => file);
  await publishAt(debSource(files, owner), '/deb');
  const { snapshot } = await published.open();
  const told = Object.keys(await treeOf(await published.open())).filter((path) => path.startsWith('/deb/'));
  expect(told.sort()).toEqual([
    '/deb/bin',
    '/deb/lib',
    '/deb/usr',
    '/deb/usr/bin',
    '/deb/usr/bin/tool',
    '/deb/usr/lib',
    '/deb/usr/lib/library.so',
    '/deb/usr/share',
    '/deb/usr/share/provider',
  ]);
  expect(await snapshot.readLink('/deb/lib')).toBe('usr/lib');
});

const hasGetfattr = (() => {
  try {
    execFileSync('getfattr', ['--version'], { stdio: 'pipe' });
    execFileSync('setfattr', ['-n', 'user.probe', '-v', '1', folder], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasGetfattr)(
  'extended attributes of a folder (skipped where getfattr, or the disk, has none)',
  async () => {
    const source = at('with-attributes');
    write(join(source, 'with space'), 'x');
    execFileSync('setfattr', ['-n', 'user.mine', '-v', '0x00ff', join(source, 'with space')]);
    await publishAt(folderSource(source, { xattrs: true }), '/with');
    const { entry } = await (await published.open()).snapshot.lookup('/with/with space');
    expect([...entry.xattrs]).toContainEqual(['user.mine', Uint8Array.of(0, 255)]);
  },
);

/** A member in ustar. */
function member(type: string, name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 'latin1');
  header.write('0000644\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write(`        ${type}`, 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
