import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DiskReason, StatusCause } from '../protocol/engine-api.ts';
import { LANGUAGES } from '../protocol/shell.ts';
import { fill, languageFor, reasonText } from './texts.ts';
import { SHARES } from './tray/menu.ts';

const folder = new URL('./locales/', import.meta.url);
const locale = (language: string): Record<string, string> =>
  JSON.parse(readFileSync(new URL(`${language}.json`, folder), 'utf8'));
const placeholders = (text = '') => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('every language has every text, with the same values, and each cause of the engine', () => {
  expect(readdirSync(folder).sort()).toEqual(LANGUAGES.map((language) => `${language}.json`).sort());
  const english = locale('en');
  const causes = [
    ...StatusCause.shape.code.options.map((code) => `cause.${code}`),
    ...DiskReason.options.map((why) => `cause.disk.${why}`),
  ];
  for (const language of LANGUAGES.filter((one) => one !== 'en')) {
    const texts = locale(language);
    expect(Object.keys(texts).sort(), language).toEqual([...Object.keys(english), ...causes].sort());
    for (const [key, text] of Object.entries(english))
      expect(placeholders(texts[key]), `${language} ${key}`).toEqual(placeholders(text));
  }
  for (const share of Object.keys(SHARES)) expect(english).toHaveProperty([`menu.share.${share}`]);
});

test('no text is left over: each key is used in the code', () => {
  const sources = readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'))
    .join('\n');
  // Keys that are put together: of a share, a kind of notification, a kind of file trouble.
  const made = /^(menu\.share\.\w+|notify\.(firstValidated|milestone)\.\w+|notice\.(unreadable|unwritable))$/;
  const unused = Object.keys(locale('en')).filter((key) => !made.test(key) && !sources.includes(`'${key}'`));
  expect(unused).toEqual([]);
});

test('the system’s languages are taken in their order; one that we lack is passed over', () => {
  expect(languageFor(['fr-CA', 'en'])).toBe('fr');
  expect(languageFor(['tlh', 'pt_BR', 'de_AT'])).toBe('de');
  expect(languageFor([])).toBe('en');
});

test('why the disk cannot be written is said in the person’s language too, and what a newer engine says in its own words', () => {
  const status = (values: Record<string, string>) => ({
    ...{ state: 'attention', reason: 'The disk is full' },
    cause: { code: 'disk', values: { message: 'the disk is full', ...values } },
  });
  expect(reasonText('de', status({ why: 'full' }))).toMatch(/^Die Platte ist voll/);
  expect(reasonText('de', status({ why: 'of the future' }))).toContain('the disk is full');
  expect(reasonText('en', status({ why: 'full' }))).toBe('The disk is full');
});

test('a part in brackets needs its values', () => {
  expect(fill('a[: {x} of {y}]', { x: 1, y: 0 })).toBe('a: 1 of 0');
  expect(fill('a[: {x} of {y}]', { x: 1, y: null })).toBe('a');
});
