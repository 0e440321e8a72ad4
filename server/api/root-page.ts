import type { Hono } from 'hono';

/** Below it lies the page with JSROOT, which the project's page puts into a frame (renderer/root). */
const BELOW = '/root/*';
const POLICY = [
  ...[
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
  ],
  ...["form-action 'none'", "frame-ancestors 'self'", 'sandbox allow-scripts'],
].join('; ');

/**
 * JSROOT is code of others that draws what others wrote: its page has an origin that is nobody's, so it reaches no token, no cookie and no
 * answer of this server. To be called before the headers of all other answers are set, which it changes.
 */
export function sandboxRoot(app: Hono): void {
  app.use(BELOW, async (context, next) => {
    await next();
    const { headers } = context.res;
    headers.set('content-security-policy', POLICY);
    // To an origin that is nobody's the page's own script is another's; there is nothing in it that is not public.
    headers.set('access-control-allow-origin', '*');
  });
}
