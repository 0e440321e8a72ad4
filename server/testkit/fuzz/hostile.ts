import fc from 'fast-check';

/** Texts that something somewhere once choked on. */
const TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udc00x',
  '\u202e\ufeff\u200b',
  '\u{1f600}'.repeat(50),
  'x'.repeat(61),
  'x'.repeat(70_000),
  '0',
  '-1',
  '1e999',
  'NaN',
  'null',
  'true',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  '/etc/passwd',
  '..\\..\\windows',
  'CON',
  'nul.txt',
  '%00',
  '%2e%2e%2f',
  "'; DROP TABLE host; --",
  "' OR '1'='1",
  '$1',
  '\\',
  '"',
  '`id`',
  '$(id)',
  '{{seed}}',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  'javascript:alert(1)',
  '\r\nset-cookie: a=b',
  'l1',
  'l999999999999999',
  'l9007199254740993',
  'c1',
  'u1',
  '9999999999.999999999999999',
];

const NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  0.5,
  1e-300,
  5e-324,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  1e21,
];

/** Any JSON in a place where none of that kind is meant. */
export function hostileValues(texts: readonly string[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom(...TEXTS, ...texts),
    fc.constantFrom(...NUMBERS),
    fc.constantFrom<unknown>(
      null,
      true,
      [],
      {},
      [[]],
      [null],
      { length: -1 },
      { toString: 1, valueOf: null },
    ),
    fc.constant(JSON.parse('{"__proto__":{"isStaff":true},"constructor":{"prototype":{"isStaff":true}}}')),
    fc.nat(400).map(nested),
    fc.nat(3000).map((length) => Array(length).fill(0)),
    fc.jsonValue({ maxDepth: 3 }),
  );
}

export function hostileTexts(texts: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(fc.constantFrom(...TEXTS, ...texts), fc.string({ unit: 'binary', maxLength: 60 }));
}

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Whole bodies that are not what they seem. */
export const hostileBodies: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    '\ufeff{}',
    '{"a":1',
    '{"__proto__":{"isStaff":true}}',
    '[]',
    'null',
    '"',
    '1e400',
    '{"a":1}{"a":2}',
    'a: &a [*a]',
    'a: &a {b: *a}',
    '*a',
    '!!js/function "() => 1"',
    '!!binary "////"',
    '<<: {a: 1}',
    '? [a, b]\n: 1',
    '%YAML 9.9\n---\n',
    '--- 1\n--- 2\n',
    '{"\ud800":1}',
  ),
  fc
    .constantFrom('[', '{"a":', '- ', '? ', '&a ', '!', '"', '}', '\n', '-\n', 'a:\n ')
    .chain((part) => fc.nat(3000).map((times) => part.repeat(times))),
  fc.nat(20_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.nat(20_000).map((depth) => `{"parameters":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`),
  fc.nat(12).map(laughs),
  fc.string({ unit: 'binary', maxLength: 300 }),
);

/** Billion laughs: each line nine times the one before. */
function laughs(lines: number): string {
  const names = Array.from({ length: lines }, (_, i) => `n${i}`);
  return [
    'n: &n [lol]',
    ...names.map(
      (name, i) =>
        `${name}: &${name} [${Array(9)
          .fill(`*${names[i - 1] ?? 'n'}`)
          .join(',')}]`,
    ),
  ].join('\n');
}

interface Change {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'add' | 'twice';
  readonly what: unknown;
}

/** A value as it is, or with a few of its parts replaced, removed, doubled or added. */
export function mutated(values: fc.Arbitrary<unknown>, texts: readonly string[]): fc.Arbitrary<unknown> {
  const change: fc.Arbitrary<Change> = fc.record({
    at: fc.nat(1000),
    how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'twice'),
    what: hostileValues(texts),
  });
  const changes = fc.array(change, { maxLength: 3 });
  return fc.record({ value: values, changes }).map((one) => one.changes.reduce<unknown>(changed, one.value));
}

function changed(root: unknown, { at, how, what }: Change): unknown {
  const copy: unknown = structuredClone(root);
  const places: { in: Record<string, unknown> | unknown[]; key: string }[] = [];
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      places.push({ in: value as Record<string, unknown>, key });
      walk(inner);
    }
  };
  walk(copy);
  const place = places[at % (places.length + 1)];
  if (!place) return how === 'replace' ? what : copy;
  const { in: container, key } = place;
  if (Array.isArray(container)) {
    const index = Number(key);
    if (how === 'replace') container[index] = what;
    else if (how === 'remove') container.splice(index, 1);
    else if (how === 'add') container.splice(index, 0, what);
    else container.push(container[index]);
  } else if (how === 'remove') delete container[key];
  else if (how === 'replace') container[key] = what;
  else {
    const name = how === 'twice' ? `${key}2` : typeof what === 'string' ? what.slice(0, 100) : 'more';
    // An own key, also where it is called "__proto__".
    Object.defineProperty(container, name, {
      value: what,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return copy;
}
