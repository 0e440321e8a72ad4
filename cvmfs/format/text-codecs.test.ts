import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyAlgorithm, anyHash, anyXattrs } from '../testkit/arbitraries.ts';
import { FormatError } from './errors.ts';
import { formatGeoReply, geoPath, parseGeoReply } from './geo.ts';
import {
  algorithmOf,
  hashBytes,
  hasher,
  hashFromBytes,
  hashOf,
  objectPath,
  parseHash,
  SUFFIX,
} from './hashes.ts';
import { decodeMetainfo, encodeMetainfo } from './metainfo.ts';
import { decodeObject, encodeObject } from './objects.ts';
import { checkName, checkPath, isWithin, nameOf, parentOf, pathKey } from './paths.ts';
import { expandVariant } from './variants.ts';
import { decodeXattrs, encodeXattrs } from './xattrs.ts';

const EMPTY = new Uint8Array(0);

describe('hashes', () => {
  test('are the published ones of nothing', () => {
    expect(hashOf('sha1', EMPTY)).toBe('da39a3ee5e6b4b0d3255bfef95601890afd80709');
    expect(hashOf('rmd160', EMPTY)).toBe('9c1185a5c5e9fc54612808977ee8f548b2258d31-rmd160');
    expect(hashOf('shake128', EMPTY)).toBe('7f9c2ba4e88f827d616045507605853ed73b8093-shake128');
  });

  test('go to bytes and back, whole and in pieces', () => {
    fc.assert(
      fc.property(anyHash, anyAlgorithm, fc.array(fc.uint8Array()), (hash, algorithm, pieces) => {
        expect(hashFromBytes(algorithmOf(hash), hashBytes(hash))).toBe(parseHash(hash));
        const taking = hasher(algorithm);
        for (const piece of pieces) taking.update(piece);
        expect(taking.digest()).toBe(hashOf(algorithm, Buffer.concat(pieces)));
      }),
    );
  });

  test('make paths', () => {
    expect(objectPath(parseHash(`${'ab'.repeat(20)}-shake128`), SUFFIX.catalog)).toBe(
      `data/ab/${'ab'.repeat(19)}-shake128C`,
    );
  });

  test.each([
    '',
    'AB'.repeat(20),
    'ab'.repeat(19),
    `${'ab'.repeat(20)}-md5`,
    `../${'a'.repeat(37)}`,
    `${'ab'.repeat(20)}\n`,
  ])('%j is none', (text) => {
    expect(() => parseHash(text)).toThrow(FormatError);
  });
});

describe('paths', () => {
  test('the root has the key the format gives', () => {
    // MD5 of nothing, as two little-endian integers.
    const { first, second } = pathKey('');
    expect({ first, second }).toEqual({ first: 338333539836370388n, second: 9098107892288553193n });
  });

  test('bytes that are not UTF-8 are bytes', () => {
    expect(pathKey('/\xff')).not.toEqual(pathKey('/\xef\xbf\xbd'));
  });

  test('have a parent and a name', () => {
    expect([parentOf('/a/b'), parentOf('/a'), parentOf(''), nameOf('/a/b'), nameOf('')]).toEqual([
      '/a',
      '',
      '',
      'b',
      '',
    ]);
    expect([isWithin('/a/b', '/a'), isWithin('/ab', '/a'), isWithin('/a', '')]).toEqual([true, false, true]);
  });

  test.each(['.', '..', 'a/b', 'a\0', 'x'.repeat(256), '\u0100'])('%j is no name', (name) => {
    expect(() => checkName(name)).toThrow(FormatError);
    expect(() => checkPath(`/${name === 'a/b' ? 'a//b' : name}`)).toThrow(FormatError);
  });
});

describe('objects', () => {
  test('come back as they went', () => {
    fc.assert(
      fc.property(
        anyAlgorithm,
        fc.uint8Array({ maxLength: 5000 }),
        fc.constantFrom('zlib', 'none'),
        (algorithm, plain, how) => {
          const { hash, stored } = encodeObject(algorithm, plain, how);
          expect(decodeObject(hash, stored, plain.length, how)).toEqual(Buffer.from(plain));
        },
      ),
    );
  });

  test('an object is refused for one wrong bit, and for more content than it should have', () => {
    const { hash, stored } = encodeObject('sha1', Buffer.alloc(1000, 'x'));
    expect(() => decodeObject(hash, stored, 999)).toThrow(FormatError);
    for (let i = 0; i < stored.length; i++) {
      const wrong = Buffer.from(stored);
      wrong[i] = (wrong[i] ?? 0) ^ 1;
      expect(() => decodeObject(hash, wrong, 1000)).toThrow(FormatError);
    }
    const noZlib = Buffer.from('not compressed');
    expect(() => decodeObject(hashOf('sha1', noZlib), noZlib, 1000)).toThrow(FormatError);
  });
});

describe('extended attributes', () => {
  test('come back as they went', () => {
    fc.assert(
      fc.property(anyXattrs, (xattrs) => {
        const blob = encodeXattrs(xattrs);
        if (blob === null) expect(xattrs.size).toBe(0);
        else expect([...decodeXattrs(blob)].sort()).toEqual([...xattrs].sort());
      }),
    );
  });

  test('any bytes are read or refused, and what is read is written the same', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeXattrs(Uint8Array.of(1, ...bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
    expect(() => decodeXattrs(Uint8Array.of(1, 2, 1, 0, 97, 1, 0, 97))).toThrow('twice');
    expect(() => encodeXattrs(new Map([['a', new Uint8Array(256)]]))).toThrow(FormatError);
  });
});

test('variant links', () => {
  const environment = { ARCH: 'x86_64', EMPTY: '', toString: undefined };
  for (const [target, becomes] of [
    ['$(ARCH)/lib', 'x86_64/lib'],
    ['$(NONE)/lib', '/lib'],
    ['$(NONE:-arm)/$(ARCH:-arm)', 'arm/x86_64'],
    ['$(EMPTY:-full)', ''],
    ['$(ARCH', '$(ARCH'],
    [`$\{ARCH}`, `$\{ARCH}`],
    ['$(constructor)', ''],
    ['plain', 'plain'],
  ] as const) {
    expect(expandVariant(target, environment)).toBe(becomes);
  }
});

test('geo replies', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.infiniteStream(fc.nat()), (count, random) => {
      const order = Array.from({ length: count }, (_, i) => ({ i, by: random.next().value }))
        .sort((a, b) => a.by - b.by)
        .map(({ i }) => i);
      expect(parseGeoReply(formatGeoReply(order), count)).toEqual(order);
    }),
  );
  for (const text of ['', '1,2', '1,1,2', '0,1,2', '1,2,4', '1,2,3\n\n', '<html>', '1,2,3,']) {
    expect(() => parseGeoReply(text, 3)).toThrow(FormatError);
  }
  expect(geoPath('me', ['a.org', 'b.org'])).toBe('api/v1.0/geo/me/a.org,b.org');
});

test('metainfo may be any JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (info) => {
      expect(decodeMetainfo(encodeMetainfo(info))).toEqual(JSON.parse(JSON.stringify(info)));
    }),
  );
  expect(() => decodeMetainfo(Buffer.from('{'))).toThrow(FormatError);
});
