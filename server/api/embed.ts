import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hono } from 'hono';

const PATH = '/embed';

/**
 * The one page that others may put into a frame: a histogram, at "/embed#/campaigns/NAME/...". The script sees by its address
 * that it is framed, and then there is nothing on it that staff could be led to press. To be called before the headers of
 * all other answers are set, which it changes.
 */
export function allowFrames(app: Hono): void {
  app.use(PATH, async (context, next) => {
    await next();
    const { headers } = context.res;
    const policy = headers.get('content-security-policy') ?? '';
    headers.set('content-security-policy', policy.replace(/frame-ancestors [^;]*/, 'frame-ancestors *'));
    headers.delete('x-frame-options');
    headers.delete('cross-origin-resource-policy');
  });
}

/** @param folder with the built page */
export function serveEmbed(app: Hono, folder: string): void {
  app.get(PATH, async (context) => {
    const page = await readFile(join(folder, 'index.html'), 'utf8');
    return context.html(page, 200, { 'cache-control': 'no-cache' });
  });
}
