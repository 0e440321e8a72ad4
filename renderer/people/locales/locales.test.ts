import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LANGUAGES } from '../../../protocol/shell.ts';

const PEOPLE = fileURLToPath(new URL('..', import.meta.url));

function flatten(messages: object, above = ''): [string, string][] {
  return Object.entries(messages).flatMap(([name, value]) =>
    typeof value === 'string'
      ? [[above + name, value] as [string, string]]
      : flatten(value, `${above}${name}.`),
  );
}
const read = (language: string) =>
  new Map(flatten(JSON.parse(readFileSync(`${PEOPLE}/locales/${language}.json`, 'utf8'))));
const english = read('en');
const code = readdirSync(PEOPLE, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(vue|ts)$/.test(name) && !name.endsWith('.test.ts'))
  .map((name) => readFileSync(`${PEOPLE}/${name}`, 'utf8'));
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

describe.each(LANGUAGES.filter((language) => language !== 'en'))('the messages in %s', (language) => {
  const messages = read(language);

  it('are there, all of them and no others', () => expect([...messages.keys()]).toEqual([...english.keys()]));

  it('take the same values, and come in as many forms', () => {
    for (const [key, text] of messages) {
      const original = english.get(key) ?? '';
      expect(placeholders(text), key).toEqual(placeholders(original));
      expect(text.split(' | ').length, key).toBe(original.split(' | ').length);
      expect(text.trim(), key).not.toBe('');
    }
  });

  it('are translated: hardly any is still the English one', () => {
    const same = [...messages].filter(([key, text]) => /[a-z]{4}/.test(text) && text === english.get(key));
    expect(same.length / messages.size).toBeLessThan(0.05);
  });
});

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
