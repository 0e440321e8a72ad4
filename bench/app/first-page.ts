import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Bytes, gzipped one by one, of all that must be there for the first page: what index.html names, and what that imports. */
export async function firstPageBytes(folder: string): Promise<number> {
  const sizes = new Map<string, number>();
  const visit = async (file: string): Promise<void> => {
    if (sizes.has(file)) return;
    const data = await readFile(join(folder, file));
    sizes.set(file, gzipSync(data).length);
    for (const next of named(file, data.toString())) await visit(next);
  };
  await visit('index.html');
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function named(file: string, text: string): string[] {
  const pattern = file.endsWith('.html')
    ? /(?:src|href)="\.?\/?([^"]+\.(?:js|css))"/g
    : /(?:^|[;}\s])(?:import|export)\b[^;'"()]*?["'](\.[^"']+\.js)["']/g;
  if (!/\.(html|js)$/.test(file)) return [];
  return [...text.matchAll(pattern)].map(([, name = '']) => join(dirname(file), name));
}
