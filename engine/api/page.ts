import { readFile } from 'node:fs/promises';
import type { Hono } from 'hono';
import { pageFiles } from './page-files.ts';

/** Serves the built page. It needs no token, since it holds nothing of this machine. */
export function servePage(app: Hono, folder: string): void {
  for (const [name, { path, type }] of pageFiles(folder)) {
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
