import type { z } from 'zod';
import { CSRF_HEADER } from '../../protocol/account-api.ts';
import { API_PREFIX, ApiError } from '../../protocol/project-api.ts';
import { t } from '../shared/i18n/index.ts';

/** The project refused, or did not answer; the message is for the person. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
    this.code = code;
  }
}

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** Asks the project that serves this page, as whoever is signed in. @throws Refused */
export async function ask<T>(schema: z.ZodType<T>, method: Method, path: string, body?: unknown): Promise<T> {
  const answer = await send(method, path, body);
  const parsed = schema.safeParse(await answer.json().catch(() => null));
  if (!parsed.success) throw new Refused(0, 'older', t('people.older'), parsed.error);
  return parsed.data;
}

/** As ask(), where there is nothing to be told. */
export async function tell(method: Method, path: string, body?: unknown): Promise<void> {
  await send(method, path, body);
}

async function send(method: Method, path: string, body: unknown): Promise<Response> {
  const answer = await fetch(API_PREFIX + path, {
    method,
    cache: 'no-store',
    headers: { [CSRF_HEADER]: '1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw new Refused(0, 'unreachable', t('people.unreachable'), error);
  });
  if (answer.ok) return answer;
  const told = ApiError.safeParse(await answer.json().catch(() => null));
  const { code, message } = told.success
    ? told.data.error
    : { code: 'unknown', message: t('people.refused') };
  throw new Refused(answer.status, code, message);
}
