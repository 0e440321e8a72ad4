import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { Hono } from 'hono';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/**
 * Serves the built page: exactly the files that are in the folder now, by their names; no path is ever put together
 * from a request. It needs no token, since it holds nothing of this machine.
 */
export async function servePage(app: Hono, folder: string): Promise<void> {
  for await (const path of filesBelow(folder)) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    const name = `/${relative(folder, path).split(sep).join('/')}`;
    // Names under assets/ carry a hash of their content.
    const cache = name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    app.get(name === '/index.html' ? '/' : name, async (context) =>
      context.body(new Uint8Array(await readFile(path)), 200, {
        'content-type': type,
        'cache-control': cache,
      }),
    );
  }
}

/** Not readdir's own `recursive`: below some Electrons is a Node that has none. */
async function* filesBelow(folder: string): AsyncIterable<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}
