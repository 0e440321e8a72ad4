import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodecError, encode } from './codec.ts';
import { FrameReader } from './frames.ts';

const frame = (length: number, tag: number) =>
  Buffer.concat(encode(tag, { name: 'Rread', data: new Uint8Array(length).fill(tag) }));

function collect(reader: FrameReader, chunks: readonly Buffer[]): string[] {
  const frames: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk, (one) => {
      frames.push(one.toString('hex'));
      return true;
    });
  }
  return frames;
}

describe('frames', () => {
  test('come whole however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(300), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (lengths, cuts) => {
          const frames = lengths.map((length, index) => frame(length, index));
          const bytes = Buffer.concat(frames);
          const at = [0, ...cuts.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b);
          const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
          const reader = new FrameReader(1000);
          expect(collect(reader, chunks)).toEqual(frames.map((one) => one.toString('hex')));
          expect(reader.partial).toHaveLength(0);
        },
      ),
    );
  });

  test('what is incomplete can be taken over by another reader', () => {
    const bytes = frame(100, 3);
    for (let cut = 0; cut < bytes.length; cut++) {
      const first = new FrameReader(1000);
      expect(collect(first, [bytes.subarray(0, cut)])).toEqual([]);
      expect(first.partial).toEqual(bytes.subarray(0, cut));
      const second = new FrameReader(1000);
      expect(collect(second, [first.partial, bytes.subarray(cut)])).toEqual([bytes.toString('hex')]);
    }
  });

  test.each([
    ['too large', 1001],
    ['as large as can be said', 0xffffffff],
    ['smaller than its header', 6],
    ['nothing', 0],
  ])('a size that is %s ends the stream, whether its header comes whole or byte by byte', (_what, size) => {
    const header = Buffer.alloc(7);
    header.writeUInt32LE(size);
    expect(() => collect(new FrameReader(1000), [header])).toThrow(CodecError);
    const bytes = [...header].map((byte) => Buffer.from([byte]));
    expect(() => collect(new FrameReader(1000), bytes)).toThrow(CodecError);
  });

  test('nothing is handed out after the taker has had enough', () => {
    const reader = new FrameReader(1000);
    let taken = 0;
    reader.push(Buffer.concat([frame(1, 1), frame(1, 2)]), () => {
      taken += 1;
      return false;
    });
    expect(taken).toBe(1);
  });
});
