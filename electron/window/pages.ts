import { readFile } from 'node:fs/promises';
import { protocol, type Session } from 'electron';
import { pageFiles } from '../../platform/page-files.ts';
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

/** To be called before the app is ready. */
export function declareScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, stream: true };
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges }]);
}

/**
 * Serves the built pages and, below the API's path, the engine.
 * @throws Error where the folder cannot be read, or holds no page
 */
export function servePages(session: Session, folder: string, proxy: EngineProxy): void {
  const files = pageFiles(folder);
  if (!files.has('/index.html')) throw new Error(`there is no page in ${folder}`);
  session.protocol.handle(SCHEME, async (request) => {
    const url = new URL(request.url);
    if (url.host !== 'pages') return problem(404, 'not-found', 'there is no such page');
    if (url.pathname.startsWith(`${API_PREFIX}/`)) return proxy.answer(request, url);
    const file = files.get(url.pathname === '/' ? '/index.html' : url.pathname);
    if (!file || request.method !== 'GET') return problem(404, 'not-found', 'there is no such page');
    const headers = { ...HEADERS, 'content-type': file.type, 'cache-control': 'no-cache' };
    return new Response(new Uint8Array(await readFile(file.path)), { headers });
  });
}
