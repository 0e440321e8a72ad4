import { readFile } from 'node:fs/promises';
import type { Hono } from 'hono';
import { pageFiles } from './page-files.ts';

/**
 * What a page of ours may do: load its own files, ask its own server. Nothing inlined, no `eval`, no frame around it.
 */
export const PAGE_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** Serves a built page at "/". It needs no token: it holds nothing but itself. */
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
