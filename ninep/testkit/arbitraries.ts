import fc from 'fast-check';
import { type FieldKind, type FieldTypes, MESSAGES, type Message, type MessageName } from '../messages.ts';

const u8 = fc.integer({ min: 0, max: 0xff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });
const byteString = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const qid = fc.record({ type: u8, version: u32, path: u64 });

const FIELDS: { readonly [K in FieldKind]: fc.Arbitrary<FieldTypes[K]> } = {
  u8,
  u16: fc.integer({ min: 0, max: 0xffff }),
  u32,
  u64,
  string: byteString,
  qid,
  // Around the size where data is no more copied.
  data: fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.integer({ min: 16380, max: 16390 }).map((length) => new Uint8Array(length).fill(length)),
  ),
  strings: fc.array(byteString, { maxLength: 20 }),
  qids: fc.array(qid, { maxLength: 20 }),
};

export const MESSAGE_NAMES = Object.keys(MESSAGES) as MessageName[];

/** Any message of that name. */
export function messageOf(name: MessageName): fc.Arbitrary<Message> {
  const fields = Object.entries(MESSAGES[name].fields) as [string, FieldKind][];
  return fc
    .record(Object.fromEntries(fields.map(([field, kind]) => [field, FIELDS[kind] as fc.Arbitrary<unknown>])))
    .map((values) => ({ name, ...values }) as unknown as Message);
}

export const tag: fc.Arbitrary<number> = FIELDS.u16;
