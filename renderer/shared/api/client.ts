import type { z } from 'zod';
import { ProjectView } from '../../../protocol/engine-api.ts';
import { API_PREFIX, ApiError } from '../../../protocol/project-api.ts';
import { EngineUnreachable, ProtocolMismatch, RequestRefused, TokenRefused } from './errors.ts';

/** What the pages ask of the engine. Each rejects with one of the classes in errors.ts. */
export interface EngineClient {
  /** @param forSeconds null: until resumed */
  pause(forSeconds: number | null): Promise<void>;
  resume(): Promise<void>;
  join(invitation: string): Promise<ProjectView>;
  /** The open stream of server-sent events. */
  events(signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** @param origin where the engine serves this page, without a final slash */
export function makeEngineClient(origin: string, token: string): EngineClient {
  async function request(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init: RequestInit = { method, headers, cache: 'no-store', credentials: 'omit' };
    if (body !== undefined) init.body = JSON.stringify(body);
    if (signal) init.signal = signal;
    const response = await fetch(`${origin}${API_PREFIX}${path}`, init).catch((error: unknown) => {
      throw new EngineUnreachable(error);
    });
    if (response.ok) return response;
    if (response.status === 401) throw new TokenRefused();
    throw new RequestRefused(response.status, await messageOf(response));
  }

  return {
    pause: async (forSeconds) => void (await request('POST', '/pause', { forSeconds })),
    resume: async () => void (await request('POST', '/resume', {})),
    join: async (invitation) =>
      parse(ProjectView, await (await request('POST', '/join', { invitation })).json()),
    async events(signal) {
      const { body } = await request('GET', '/events', undefined, signal);
      if (!body) throw new ProtocolMismatch('the event stream has no body');
      return body;
    },
  };
}

/** @throws {ProtocolMismatch} */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new ProtocolMismatch(parsed.error);
  return parsed.data;
}

async function messageOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  const parsed = ApiError.safeParse(body);
  return parsed.success ? parsed.data.error.message : `The engine answered ${response.status}.`;
}
