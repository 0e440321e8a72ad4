import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readMessages, translationsOf } from '../../testkit/locales.ts';

const PEOPLE = fileURLToPath(new URL('..', import.meta.url));

const english = readMessages(`${PEOPLE}/locales`, 'en');
const code = readdirSync(PEOPLE, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(vue|ts)$/.test(name) && !name.endsWith('.test.ts'))
  .map((name) => readFileSync(`${PEOPLE}/${name}`, 'utf8'));

translationsOf(`${PEOPLE}/locales`, english, 0.05);

it('every message that the page names exists', () => {
  const named = code.flatMap((text) =>
    [...text.matchAll(/\btn?\(\s*'([^']+)'/g)].map(([, key]) => key ?? ''),
  );
  expect(named.length).toBeGreaterThan(150);
  expect(named.filter((key) => !english.has(key))).toEqual([]);
});

it('every message is used', () => {
  const literals = new Set(
    code.flatMap((text) => text.match(/'[a-z]+\.[\w-]+'/g) ?? []).map((one) => one.slice(1, -1)),
  );
  const shapes = code
    .flatMap((text) => text.match(/`[a-z]+\.[^`]*\$\{[^`]*`/g) ?? [])
    .map((one) =>
      one
        .slice(1, -1)
        .split(/\$\{.*\}/)
        .map((part) => part.replaceAll('.', '\\.')),
    )
    .map((parts) => new RegExp(`^${parts.join('[\\w-]+')}$`));
  const unused = [...english.keys()].filter(
    (key) => !literals.has(key) && !shapes.some((shape) => shape.test(key)),
  );
  expect(unused).toEqual([]);
});
