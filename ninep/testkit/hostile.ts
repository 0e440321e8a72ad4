import { encode } from '../codec.ts';
import { NOFID } from '../defs.ts';
import { MESSAGES, type Message, type MessageName, type Request } from '../messages.ts';

/** A generator of numbers that are the same for the same seed (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to below - 1. */
  next(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  of<T>(items: readonly T[]): T {
    return items[this.next(items.length)] as T;
  }
}

const NAMES = [
  'a',
  'b',
  'c',
  'host',
  'memory',
  'ctl',
  'next',
  'sink',
  '..',
  '.',
  '',
  'a/b',
  '../..',
  'x\0',
  '\xff\xfe',
  'n'.repeat(255),
  'n'.repeat(256),
];
const TARGETS = ['/etc/passwd', '../../..', '..', 'a', '/', 'x'.repeat(4095)];
const NUMBERS = [0, 1, 2, 7, 11, 100, 4095, 4096, 65535, 0x7fffffff, 0x80000000, 0xffffffff];
const WIDE = [
  0n,
  1n,
  5n,
  4096n,
  1n << 20n,
  1n << 32n,
  (1n << 53n) - 1n,
  1n << 53n,
  1n << 63n,
  (1n << 64n) - 1n,
];
const ALL = Object.keys(MESSAGES) as MessageName[];
/** Those that reach deeper come more often; the one that begins anew seldom. */
const OFTEN = [
  'Twalk',
  'Twalk',
  'Twalk',
  'Tlopen',
  'Tlopen',
  'Tlcreate',
  'Tread',
  'Twrite',
  'Tmkdir',
] as const;
const REQUESTS = [...ALL.filter((name) => name.startsWith('T') && name !== 'Tversion'), ...OFTEN];
/** Few, so that requests meet. */
const FIDS = 12;

/** A request that makes some sense: names and fids that may be there, flags that are known. */
export function plausible(dice: Dice): Message {
  const name = dice.next(2000) === 0 ? dice.of(ALL) : dice.of(REQUESTS);
  const fid = () => (dice.next(50) === 0 ? dice.of(NUMBERS) : dice.next(FIDS));
  const entry = () => (dice.next(4) === 0 ? dice.of(NAMES) : dice.of(NAMES.slice(0, 8)));
  const values: Record<string, unknown> = { name };
  for (const [field, kind] of Object.entries(MESSAGES[name].fields)) {
    if (/fid|dirfd/i.test(field)) values[field] = fid();
    else if (field === 'flags')
      values[field] =
        dice.next(4) | (dice.of([0, 0, 0o100, 0o200, 0o1000, 0o2000, 0x200, 0o200000]) as number);
    else if (field === 'symtgt') values[field] = dice.of(TARGETS);
    else if (kind === 'string') values[field] = entry();
    else if (kind === 'strings') values[field] = Array.from({ length: dice.next(5) }, entry);
    else if (kind === 'data') values[field] = Buffer.alloc(dice.of([0, 1, 10, 4096, 20000]), 'd');
    else if (kind === 'qid')
      values[field] = { type: dice.next(256), version: dice.of(NUMBERS), path: dice.of(WIDE) };
    else if (kind === 'qids') values[field] = [];
    else if (kind === 'u64') values[field] = dice.of(WIDE);
    else if (kind === 'u32') values[field] = dice.of(NUMBERS);
    else if (kind === 'u16') values[field] = dice.next(2000);
    else values[field] = dice.next(256);
  }
  if (name === 'Tversion')
    Object.assign(values, { msize: 65536, version: dice.of(['9P2000.L', '9P2000.L', '9P2000']) });
  if (name === 'Tattach')
    Object.assign(values, { afid: NOFID, aname: dice.of(['', '', 'host', 'memory', '/host/a']) });
  return values as unknown as Request;
}

/** The bytes of a message, one or more of them changed. Where `keepsFrame`, its size field stays true. */
export function mutated(dice: Dice, message: Message, tag: number, keepsFrame: boolean): Buffer {
  let bytes = Buffer.concat(encode(tag, message));
  const changes = 1 + dice.of([0, 0, 0, 0, 1, 3]);
  for (let i = 0; i < changes; i++) {
    const at = keepsFrame ? 4 + dice.next(bytes.length - 4) : dice.next(bytes.length);
    const cut = 7 + dice.next(bytes.length - 6);
    switch (dice.next(6)) {
      case 0:
        bytes[at] = dice.next(256);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.next(8));
        break;
      case 2:
        if (at + 4 <= bytes.length) bytes.writeUInt32LE(dice.of(NUMBERS), at);
        break;
      case 3:
        bytes = bytes.subarray(0, cut);
        break;
      case 4:
        bytes = Buffer.concat([bytes, Buffer.alloc(1 + dice.next(8), dice.next(256))]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(dice.next(5)), bytes.subarray(cut)]);
        break;
    }
  }
  bytes = Buffer.from(bytes);
  if (keepsFrame) bytes.writeUInt32LE(bytes.length, 0);
  return bytes;
}
