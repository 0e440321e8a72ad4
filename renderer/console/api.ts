import type { z } from 'zod';
import { API_PREFIX } from '../../protocol/project-api.ts';
import { EngineUnreachable, ProtocolMismatch, RequestRefused } from '../shared/api/errors.ts';

/** Asks the project that serves this page. @throws EngineUnreachable, RequestRefused, ProtocolMismatch */
export async function ask<T>(schema: z.ZodType<T>, path: string): Promise<T> {
  const answer = await fetch(API_PREFIX + path, { cache: 'no-store', credentials: 'omit' }).catch(
    (error: unknown) => {
      throw new EngineUnreachable(error);
    },
  );
  if (!answer.ok) throw new RequestRefused(answer.status, `The project answered ${answer.status}.`);
  const parsed = schema.safeParse(await answer.json().catch(() => null));
  if (!parsed.success) throw new ProtocolMismatch(parsed.error);
  return parsed.data;
}
