import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const rows = read('docs/volunteers.md')
  .split('\n')
  .filter(
    (line) => line.startsWith('| ') && !line.startsWith('| -') && !line.includes('the test that shows it'),
  );

test('the promises to volunteers are twenty and more, each with a test that exists under its name', () => {
  expect(rows.filter((row) => /^\| \d+ /.test(row))).toHaveLength(20);
  const missing: string[] = [];
  for (const row of rows) {
    const named = [...row.matchAll(/`([^`]+\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)];
    if (named.length === 0) missing.push(row.slice(0, 60));
    for (const [, file = '', titles = ''] of named) {
      const code = read(file);
      for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g)) {
        // As one argument of a test or a part of a table: quoted as the formatter quotes it.
        const isThere = ["'", '"', '`'].some((quote) => code.includes(quote + title + quote));
        if (!isThere) missing.push(`${file}: ${title}`);
      }
    }
  }
  expect(missing).toEqual([]);
});
