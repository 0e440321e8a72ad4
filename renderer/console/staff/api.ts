import type { z } from 'zod';
import { API_PREFIX, ApiError } from '../../../protocol/project-api.ts';
import { EngineUnreachable, ProtocolMismatch, RequestRefused } from '../../shared/api/errors.ts';
import { t } from '../../shared/i18n/index.ts';
import { credentialHeaders, signOut } from './credential.ts';

/** The server's refusal, in its words, and where in what was sent: "line 4, column 3 (sweep.energyGeV)". */
export class StaffRefused extends RequestRefused {
  readonly place: string | null;
  constructor(status: number, message: string, place: string | null) {
    super(status, message);
    this.name = 'StaffRefused';
    this.place = place;
  }
}

type Method = 'GET' | 'POST' | 'PUT';

/** @throws EngineUnreachable, StaffRefused; a credential that is no more ends the sign-in */
async function request(method: Method, path: string, body?: string | object): Promise<Response> {
  const isText = typeof body === 'string';
  const answer = await fetch(API_PREFIX + path, {
    method,
    cache: 'no-store',
    credentials: 'omit',
    headers: {
      ...credentialHeaders(),
      ...(body === undefined ? {} : { 'content-type': isText ? 'application/yaml' : 'application/json' }),
    },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw new EngineUnreachable(error);
  });
  if (answer.ok) return answer;
  if (answer.status === 401) {
    signOut();
    throw new StaffRefused(401, t('signIn.refused'), null);
  }
  const told = ApiError.safeParse(await answer.json().catch(() => null));
  if (!told.success)
    throw new StaffRefused(answer.status, t('staff.answered', { status: answer.status }), null);
  throw new StaffRefused(answer.status, told.data.error.message, told.data.error.place);
}

/**
 * Asks the project as staff.
 * @param body text goes as YAML, an object as JSON
 * @throws EngineUnreachable, StaffRefused, ProtocolMismatch
 */
export async function askStaff<T>(
  schema: z.ZodType<T>,
  method: Method,
  path: string,
  body?: string | object,
): Promise<T> {
  const answer = await request(method, path, body);
  const parsed = schema.safeParse(await answer.json().catch(() => null));
  if (!parsed.success) throw new ProtocolMismatch(parsed.error);
  return parsed.data;
}

/** The same where nothing comes back. */
export async function tellStaff(method: Method, path: string, body?: object): Promise<void> {
  await request(method, path, body);
}
