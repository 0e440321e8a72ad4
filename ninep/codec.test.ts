import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodecError, decode, decodeHeader, encode, Reader, UnknownMessageError, Writer } from './codec.ts';
import { MESSAGES, type Message } from './messages.ts';
import { MESSAGE_NAMES, messageOf, tag } from './testkit/arbitraries.ts';

const wire = (message: Message, of = 0) => Buffer.concat(encode(of, message));
const plain = (message: unknown) =>
  JSON.stringify(message, (_key, value) => {
    if (typeof value === 'bigint') return `${value}n`;
    return value?.type === 'Buffer' || value instanceof Uint8Array
      ? Buffer.from(value).toString('hex')
      : value;
  });

describe('decode of encode is the same', () => {
  test.each(MESSAGE_NAMES)('%s', (name) => {
    fc.assert(
      fc.property(tag, messageOf(name), (of, message) => {
        const bytes = wire(message, of);
        expect(decodeHeader(bytes)).toEqual({ size: bytes.length, type: MESSAGES[name].type, tag: of });
        const decoded = decode(bytes);
        expect(decoded.tag).toBe(of);
        expect(plain(decoded.message)).toBe(plain(message));
      }),
      { numRuns: 200 },
    );
  });

  test('wherever in a larger buffer the message lies', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MESSAGE_NAMES).chain(messageOf), fc.nat(9), (message, before) => {
        const bytes = wire(message, 7);
        const around = new Uint8Array(before + bytes.length + 5).fill(0xee);
        around.set(bytes, before);
        const { message: decoded } = decode(around.subarray(before, before + bytes.length));
        expect(plain(decoded)).toBe(plain(message));
      }),
    );
  });
});

/** Requests as Linux 6.1 sends them and replies as diod 1.0.24 gives them, taken from their connection. */
const RECORDED: readonly (readonly [string, Message])[] = [
  ['1500000064ffff0020000008003950323030302e4c', { name: 'Tversion', msize: 8192, version: '9P2000.L' }],
  ['1500000065ffff0020000008003950323030302e4c', { name: 'Rversion', msize: 8192, version: '9P2000.L' }],
  [
    '2900000068000000000000ffffffff0400726f6f740e002f746d702f676f6c642f64617461ffffffff',
    { name: 'Tattach', fid: 0, afid: 0xffffffff, uname: 'root', aname: '/tmp/gold/data', nUname: 0xffffffff },
  ],
  [
    '140000006900008000000000e188250000000000',
    { name: 'Rattach', qid: { type: 128, version: 0, path: 2459873n } },
  ],
  ['1300000018000000000000ff07000000000000', { name: 'Tgetattr', fid: 0, requestMask: 0x7ffn }],
  [
    'a0000000190000ff070000000000008000000000e188250000000000ed41000000000000000000000200000000000000000000000000000000100000' +
      '0000000000100000000000000800000000000000bc4e066b00000000fa347b0d00000000bc4e066b00000000fa347b0d00000000bc4e066b00000000' +
      'fa347b0d000000000000000000000000000000000000000000000000000000000000000000000000',
    {
      name: 'Rgetattr',
      valid: 0x7ffn,
      qid: { type: 128, version: 0, path: 2459873n },
      mode: 0o40755,
      uid: 0,
      gid: 0,
      nlink: 2n,
      rdev: 0n,
      size: 4096n,
      blksize: 4096n,
      blocks: 8n,
      atimeSec: 1795575484n,
      atimeNsec: 226178298n,
      mtimeSec: 1795575484n,
      mtimeNsec: 226178298n,
      ctimeSec: 1795575484n,
      ctimeNsec: 226178298n,
      btimeSec: 0n,
      btimeNsec: 0n,
      gen: 0n,
      dataVersion: 0n,
    },
  ],
  ['140000006e000000000000010000000100010064', { name: 'Twalk', fid: 0, newfid: 1, wnames: ['d'] }],
  [
    '160000006f0000010080000000003189250000000000',
    { name: 'Rwalk', wqids: [{ type: 128, version: 0, path: 2459953n }] },
  ],
  ['0b00000007000002000000', { name: 'Rlerror', ecode: 2 }],
  [
    '1600000048000000000000010064ed41000000000000',
    { name: 'Tmkdir', dfid: 0, entry: 'd', mode: 0o40755, gid: 0 },
  ],
  [
    '1a0000000e00000200000001006641800000a481000000000000',
    { name: 'Tlcreate', fid: 2, entry: 'f', flags: 0o100101, mode: 0o100644, gid: 0 },
  ],
  [
    '180000000f00000000000000358925000000000000000000',
    { name: 'Rlcreate', qid: { type: 0, version: 0, path: 2459957n }, iounit: 0 },
  ],
  [
    '1d0000007600000200000000000000000000000600000068656c6c6f0a',
    { name: 'Twrite', fid: 2, offset: 0n, data: Buffer.from('hello\n') },
  ],
  ['0b00000077000006000000', { name: 'Rwrite', count: 6 }],
  [
    '1a0000001000000000000001006c060074617267657400000000',
    { name: 'Tsymlink', fid: 0, entry: 'l', symtgt: 'target', gid: 0 },
  ],
  ['0f0000001700000600746172676574', { name: 'Rreadlink', target: 'target' }],
  ['120000004600000000000002000000010068', { name: 'Tlink', dfid: 0, fid: 2, entry: 'h' }],
  [
    '150000004a00000200000001006803000000010067',
    { name: 'Trenameat', olddirfid: 2, oldname: 'h', newdirfid: 3, newname: 'g' },
  ],
  ['120000001400000100000003000000010067', { name: 'Trename', fid: 1, dfid: 3, entry: 'g' }],
  [
    '430000001a0000010000004100000080810000ffffffffffffffff000000000000000000000000000000000000000000000000000000000000000000' +
      '00000000000000',
    {
      name: 'Tsetattr',
      fid: 1,
      valid: 0x41,
      mode: 0o100600,
      uid: 0xffffffff,
      gid: 0xffffffff,
      size: 0n,
      atimeSec: 0n,
      atimeNsec: 0n,
      mtimeSec: 0n,
      mtimeNsec: 0n,
    },
  ],
  [
    '4300000009000097190201001000009de3ef030000000003647d0300000000c65923010000000000000001000000005011f800000000007769d7b9ff' +
      'ffffffff000000',
    {
      name: 'Rstatfs',
      type: 0x01021997,
      bsize: 4096,
      blocks: 66053021n,
      bfree: 58549251n,
      bavail: 19093958n,
      files: 16777216n,
      ffree: 16257360n,
      fsid: 18446744072532486519n,
      namelen: 255,
    },
  ],
  ['0f0000000c00000300000000800000', { name: 'Tlopen', fid: 3, flags: 0o100000 }],
  ['17000000740000030000000000000000000000e81f0000', { name: 'Tread', fid: 3, offset: 0n, count: 8168 }],
  ['110000007500000600000068656c6c6f0a', { name: 'Rread', data: Buffer.from('hello\n') }],
  ['0f0000003200000300000000000000', { name: 'Tfsync', fid: 3, datasync: 0 }],
  [
    '1e00000012000000000000010070a4110000000000000000000000000000',
    { name: 'Tmknod', dfid: 0, entry: 'p', mode: 0o10644, major: 0, minor: 0, gid: 0 },
  ],
  ['17000000280000010000000000000000000000e81f0000', { name: 'Treaddir', fid: 1, offset: 0n, count: 8168 }],
  ['120000004c00000000000001006700000000', { name: 'Tunlinkat', dirfd: 0, entry: 'g', flags: 0 }],
  ['0b0000007a000002000000', { name: 'Tremove', fid: 2 }],
  ['07000000790000', { name: 'Rclunk' }],
];

describe('bytes of other implementations', () => {
  test.each(RECORDED.map(([hex, message]) => [message.name, hex, message] as const))(
    '%s',
    (_name, hex, message) => {
      const bytes = Buffer.from(hex, 'hex');
      expect(plain(decode(bytes).message)).toBe(plain(message));
      expect(wire(message, decodeHeader(bytes).tag).toString('hex')).toBe(hex);
    },
  );
});

describe('bytes that are no message', () => {
  test('every message cut short, or followed by more, is refused', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MESSAGE_NAMES).chain(messageOf), fc.nat(), (message, at) => {
        const bytes = wire(message, 1);
        const cut = Buffer.from(bytes.subarray(0, at % bytes.length));
        expect(() => decode(cut)).toThrow(CodecError);
        if (cut.length >= 4) cut.writeUInt32LE(cut.length);
        expect(() => decode(cut)).toThrow(CodecError);
        const longer = Buffer.concat([bytes, Buffer.alloc(1)]);
        expect(() => decode(longer)).toThrow(CodecError);
        longer.writeUInt32LE(longer.length);
        expect(() => decode(longer)).toThrow(CodecError);
      }),
    );
  });

  test('a count larger than the message is refused before anything is allocated', () => {
    const walk = wire({ name: 'Twalk', fid: 0, newfid: 1, wnames: ['a'] });
    walk.writeUInt16LE(0xffff, 15);
    expect(() => decode(walk)).toThrow(/65535 items/);
    const write = wire({ name: 'Twrite', fid: 0, offset: 0n, data: Buffer.from('abc') });
    write.writeUInt32LE(0xffffffff, 19);
    expect(() => decode(write)).toThrow(/4294967295 bytes wanted/);
    const qids = wire({ name: 'Rwalk', wqids: [{ type: 0, version: 0, path: 0n }] });
    qids.writeUInt16LE(2, 7);
    expect(() => decode(qids)).toThrow(/2 items/);
  });

  test('types that are not in the table', () => {
    const known = new Set(Object.values(MESSAGES).map(({ type }) => type as number));
    for (let type = 0; type < 256; type++) {
      if (known.has(type)) continue;
      expect(() => decode(Buffer.from([7, 0, 0, 0, type, 0, 0]))).toThrow(UnknownMessageError);
    }
  });

  test('no bytes make it throw anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(...MESSAGE_NAMES), (body, name) => {
        const frame = Buffer.concat([
          Buffer.from([7 + body.length, 0, 0, 0, MESSAGES[name].type, 0, 0]),
          body,
        ]);
        try {
          decode(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('values that do not fit are refused, never cut', () => {
  test.each<[string, Message]>([
    ['u32 too large', { name: 'Rlerror', ecode: 2 ** 32 }],
    ['u32 negative', { name: 'Rlerror', ecode: -1 }],
    ['u32 not whole', { name: 'Rlerror', ecode: 0.5 }],
    ['u64 too large', { name: 'Rxattrwalk', size: 1n << 64n }],
    ['u64 negative', { name: 'Rxattrwalk', size: -1n }],
    ['u8 too large', { name: 'Rlock', status: 256 }],
    ['string too long', { name: 'Rreadlink', target: 'x'.repeat(65536) }],
    ['string of more than bytes', { name: 'Rreadlink', target: 'Ω' }],
    ['too many strings', { name: 'Twalk', fid: 0, newfid: 0, wnames: Array(65536).fill('') }],
  ])('%s', (_name, message) => {
    expect(() => encode(0, message)).toThrow(CodecError);
  });

  test('tag', () => {
    expect(() => encode(0x10000, { name: 'Rclunk' })).toThrow(CodecError);
  });
});

test('a reader stops at the end of its bytes, whatever lies behind them', () => {
  const reader = new Reader(new Uint8Array(8).subarray(0, 3));
  expect(() => reader.u32()).toThrow(CodecError);
  expect(reader.u16()).toBe(0);
  expect(reader.remaining).toBe(1);
  expect(() => reader.end()).toThrow(CodecError);
});

test('a writer and a reader agree on 64 bits', () => {
  const writer = new Writer(16);
  writer.u64(0xffffffffffffffffn);
  writer.u64(0x0123456789abcdefn);
  expect(writer.bytes.toString('hex')).toBe('ffffffffffffffffefcdab8967452301');
  const reader = new Reader(writer.bytes);
  expect([reader.u64(), reader.u64()]).toEqual([0xffffffffffffffffn, 0x0123456789abcdefn]);
});
