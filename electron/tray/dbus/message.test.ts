import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode, TYPE } from './message.ts';

test('what is written is read again, one after another, and half a message waits', () => {
  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
  const value = fc.oneof(
    word.map((body) => ['s', body] as const),
    fc.nat().map((body) => ['u', body] as const),
    fc.boolean().map((body) => ['b', body] as const),
  );
  fc.assert(
    fc.property(fc.nat(), word, fc.array(value, { maxLength: 4 }), (serial, member, values) => {
      const message = {
        ...{ type: TYPE.signal, serial, path: '/a', interface: 'b.c', member, destination: ':1.2' },
        signature: values.map(([type]) => type).join(''),
        body: values.map(([, body]) => body),
      };
      const bytes = encode(message);
      const two = Buffer.concat([bytes, bytes.subarray(0, -1)]);
      const read = decode(two);
      expect(read).toEqual({ message, bytes: bytes.length });
      expect(decode(two.subarray(read?.bytes ?? 0))).toBeNull();
    }),
  );
});

test('bytes as a bus sends them: NameHasOwner answered with yes', () => {
  const bytes = Buffer.from(
    '6c02010104000000030000003d000000' + // head: answer, body of 4, serial 3, fields of 61
      '06017300050000003a312e3432000000' + // destination ":1.42"
      '05017500020000000801670001620000' + // answer to 2; signature "b"
      '07017300140000006f72672e667265656465736b746f702e4442757300000000' + // sender
      '01000000',
    'hex',
  );
  expect(decode(bytes)?.message).toMatchObject({
    type: TYPE.answer,
    replyTo: 2,
    sender: 'org.freedesktop.DBus',
    body: [true],
  });
});

test('garbage is refused and does not make it wait for ever', () => {
  expect(() => decode(Buffer.alloc(64, 'x'))).toThrow('byte order');
  const long = encode({ type: TYPE.call, serial: 1 });
  long.writeUInt32LE(0x7fffffff, 4);
  expect(() => decode(long)).toThrow('too long');
});
