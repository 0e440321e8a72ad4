import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const CONSOLE = fileURLToPath(new URL('..', import.meta.url));
const SHARED = fileURLToPath(new URL('../../shared', import.meta.url));
const readMessages = (path: string): object => JSON.parse(readFileSync(path, 'utf8'));

function flatten(messages: object, above = ''): string[] {
  return Object.entries(messages).flatMap(([name, value]) =>
    typeof value === 'string' ? [above + name] : flatten(value, `${above}${name}.`),
  );
}
const own = readMessages(`${CONSOLE}/locales/en.json`);
const keys = flatten(own);
/** As start.ts puts them together: of the volunteer's page what this one says nothing of itself. */
const all = new Set(flatten({ ...readMessages(`${CONSOLE}/../app/locales/en.json`), ...own }));
const sourcesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(vue|ts)$/.test(name) && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
const code = sourcesIn(CONSOLE);

it('every message that the page names exists', () => {
  const named = [...code, ...sourcesIn(`${SHARED}/charts`)].flatMap((text) =>
    [...text.matchAll(/\btn?\(\s*'([^']+)'/g)].map(([, key]) => key ?? ''),
  );
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter((key) => !all.has(key))).toEqual([]);
});

it('every message is used', () => {
  const literals = new Set(
    code.flatMap((text) => text.match(/'[a-z]+[A-Z]?[a-z]*\.[\w-]+'/g) ?? []).map((one) => one.slice(1, -1)),
  );
  const shapes = code
    .flatMap((text) => text.match(/`[a-z]\w*\.[^`]*\$\{[^`]*`/g) ?? [])
    .map((one) =>
      one
        .slice(1, -1)
        .split(/\$\{[^}]*\}/)
        .map((part) => part.replaceAll('.', '\\.')),
    )
    .map((parts) => new RegExp(`^${parts.join('[\\w-]+')}$`));
  expect(keys.filter((key) => !literals.has(key) && !shapes.some((shape) => shape.test(key)))).toEqual([]);
});
