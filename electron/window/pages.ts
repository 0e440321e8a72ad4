import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { protocol, type Session } from 'electron';
import { API_PREFIX } from '../../protocol/project-api.ts';
import { type EngineProxy, problem } from './proxy.ts';

export const SCHEME = 'beamtime-app';
/** The one origin of our pages. */
export const ORIGIN = `${SCHEME}://pages`;

/** Nothing from elsewhere, nothing inline, no eval; the engine is reached through this very origin. */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** To be called before the app is ready. */
export function declareScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, stream: true };
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges }]);
}

/**
 * Serves the built pages and, below the API's path, the engine. Exactly the files that are in the folder, by their
 * names: no path is put together from a request. @throws Error where the folder cannot be read
 */
export function servePages(session: Session, folder: string, proxy: EngineProxy): void {
  const files = pageFiles(folder);
  session.protocol.handle(SCHEME, async (request) => {
    const url = new URL(request.url);
    if (url.host !== 'pages') return problem(404, 'not-found', 'there is no such page');
    if (url.pathname.startsWith(`${API_PREFIX}/`)) return proxy.answer(request, url);
    const file = files.get(url.pathname === '/' ? '/index.html' : url.pathname);
    if (!file || request.method !== 'GET') return problem(404, 'not-found', 'there is no such page');
    // Chromium reads the type of a module strictly; what else is in the folder has none and is not served.
    const headers = { ...HEADERS, 'content-type': file.type, 'cache-control': 'no-cache' };
    return new Response(new Uint8Array(await readFile(file.path)), { headers });
  });
}

function pageFiles(folder: string): Map<string, { path: string; type: string }> {
  const files = new Map<string, { path: string; type: string }>();
  const visit = (below: string) => {
    for (const entry of readdirSync(below, { withFileTypes: true })) {
      const path = join(below, entry.name);
      const type = TYPES[extname(entry.name)];
      if (entry.isDirectory()) visit(path);
      else if (type) files.set(`/${relative(folder, path).split(sep).join('/')}`, { path, type });
    }
  };
  visit(folder);
  if (!files.has('/index.html')) throw new Error(`there is no page in ${folder}`);
  return files;
}
