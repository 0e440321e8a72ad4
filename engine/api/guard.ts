import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { apiError } from './errors.ts';

/**
 * Only this machine's browser, asking for this very address, gets an answer: a page elsewhere whose name was
 * rebound to 127.0.0.1 sends its own name as Host, a foreign page its own Origin.
 * @param port what we listen on, once known
 */
export function loopbackOnly(port: () => number): MiddlewareHandler {
  return async (context, next) => {
    const hosts = [`127.0.0.1:${port()}`, `localhost:${port()}`];
    const host = context.req.header('host') ?? '';
    if (!hosts.includes(host))
      return context.json(apiError('wrong-host', `ask for http://${hosts[0]}, not "${host}"`), 403);
    const origin = context.req.header('origin');
    if (origin !== undefined && !hosts.some((one) => origin === `http://${one}`))
      return context.json(apiError('foreign-origin', `pages of ${origin} may not use this engine`), 403);
    return next();
  };
}

export function tokenRequired(token: string): MiddlewareHandler {
  const expected = digest(`Bearer ${token}`);
  return async (context, next) => {
    if (!timingSafeEqual(digest(context.req.header('authorization') ?? ''), expected))
      return context.json(
        apiError('token', 'a token is needed: open the page with the link that "beamtime status" prints'),
        401,
        { 'www-authenticate': 'Bearer' },
      );
    return next();
  };
}

/** Equal lengths, as timingSafeEqual wants, and no hint of the token's own. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
