import { readdir, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ReferenceFigure, ReferenceTable } from '../../protocol/reference.ts';

const at = (path: string) => new URL(path, import.meta.url);

/** All measured distributions, by name of their file. */
export async function loadTables(): Promise<ReferenceTable[]> {
  const names = (await readdir(at('data/'))).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    names.map(async (name) => ReferenceTable.parse(JSON.parse(await readFile(at(`data/${name}`), 'utf8')))),
  );
}

/** All single figures. */
export async function loadFigures(): Promise<ReferenceFigure[]> {
  return z.array(ReferenceFigure).parse(JSON.parse(await readFile(at('figures.json'), 'utf8')));
}
