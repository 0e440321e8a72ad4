import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { CSRF_HEADER, RECENT_MINUTES } from '../../protocol/account-api.ts';
import type { SignedIn } from '../accounts/sessions.ts';
import { ApiFailure } from '../errors.ts';

const PLAIN = 'beamtime-session';
/** With this prefix a browser takes it over TLS only, and from no neighbouring host (RFC 6265bis). */
const SECURE = '__Host-beamtime-session';
/** The server ends it before (accounts/sessions.ts). */
const KEPT_SECONDS = 180 * 86_400;

export function sessionCookie(context: Context): string | undefined {
  const token = getCookie(context, SECURE) ?? getCookie(context, PLAIN);
  return token !== undefined && /^[A-Za-z0-9_-]{43}$/.test(token) ? token : undefined;
}

/** @param isSecure whether browsers reach the project by TLS */
export function setSessionCookie(context: Context, token: string, isSecure: boolean): void {
  setCookie(context, isSecure ? SECURE : PLAIN, token, {
    ...{ httpOnly: true, sameSite: 'Strict', path: '/', secure: isSecure },
    maxAge: KEPT_SECONDS,
  });
}

export function clearSessionCookie(context: Context, isSecure: boolean): void {
  deleteCookie(context, isSecure ? SECURE : PLAIN, { path: '/', secure: isSecure });
}

const visitName = (isSecure: boolean) => `${isSecure ? '__Host-' : ''}beamtime-institute`;

/** What a browser is known by that comes back from the institute: so nobody is signed in by a link that another prepared. */
export function setVisitCookie(context: Context, token: string, maxAge: number, isSecure: boolean): void {
  setCookie(context, visitName(isSecure), token, {
    ...{ httpOnly: true, sameSite: 'Strict', path: '/', secure: isSecure },
    maxAge,
  });
}

/** It is good once. */
export function takeVisitCookie(context: Context, isSecure: boolean): string | undefined {
  const token = getCookie(context, visitName(isSecure));
  if (token !== undefined) deleteCookie(context, visitName(isSecure), { path: '/', secure: isSecure });
  return token !== undefined && /^[A-Za-z0-9_-]{43}$/.test(token) ? token : undefined;
}

/**
 * No page elsewhere can make a browser send such a header, for that needs our leave (CORS), which we give to nobody. What the
 * browser says of where a request began is looked at as well.
 */
export function mustBeOurPage(context: Context): void {
  const site = context.req.header('sec-fetch-site') ?? 'same-origin';
  if (context.req.header(CSRF_HEADER) === undefined || site !== 'same-origin')
    throw new ApiFailure(
      403,
      'not-our-page',
      `only the project's own page may do this (with ${CSRF_HEADER}: 1)`,
    );
}

export function mustBeRecent({ signedInAt }: SignedIn, now: Date): void {
  if (now.getTime() - signedInAt.getTime() <= RECENT_MINUTES * 60_000) return;
  throw new ApiFailure(403, 'sign-in-again', 'this wants you to have signed in just now; sign in again');
}
