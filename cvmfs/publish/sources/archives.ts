import { createReadStream } from 'node:fs';
import { type Readable, Readable as ReadableStream } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { inWords, SourceFault } from '../errors.ts';
import { Assembly } from './assembly.ts';
import type { Source } from './source.ts';
import { readTar } from './tar.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A tar archive, plain or compressed by gzip or zstd, as it comes: it is read once and nothing of it is kept. */
export function tarSource(open: () => AsyncIterable<Uint8Array>, owner: Owner | null): Source {
  return {
    identity: null,
    async read(intake) {
      const assembly = new Assembly(0, owner);
      for await (const member of readTar(unpacked(open()))) {
        intake.progress.entries++;
        const node = assembly.add(member);
        if (node) await intake.stream(node, member.bytes, member.body);
      }
      await assembly.copyLinks(intake);
      return assembly.root;
    },
  };
}

/** A file's bytes; faults of the disk in words. */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) yield piece;
  } catch (error) {
    throw inWords(error, `cannot read ${path}`, SourceFault);
  }
}

/** Takes gzip or zstd off, as its first bytes say. */
export async function* unpacked(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const all = async function* () {
    yield first.value;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  };
  const magic = Buffer.from(first.value).toString('hex', 0, 4);
  const codec = magic.startsWith('1f8b')
    ? createGunzip()
    : magic === '28b52ffd'
      ? createZstdDecompress()
      : null;
  if (!codec) {
    if (magic === 'fd377a58')
      throw new SourceFault('it is compressed by xz: unpack it with "xz -d" on the way');
    yield* all();
    return;
  }
  const source: Readable = ReadableStream.from(all(), { objectMode: false });
  source.on('error', (error) => codec.destroy(error));
  source.pipe(codec);
  try {
    for await (const piece of codec) yield piece;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!/^(Z_|ERR_.*ZSTD|ZSTD_)/.test(code)) throw error;
    throw new SourceFault(`the archive is damaged: ${code}`, { cause: error });
  } finally {
    source.destroy();
  }
}
