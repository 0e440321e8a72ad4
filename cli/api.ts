import type { z } from 'zod';
import { API_PREFIX, ApiError } from '../protocol/project-api.ts';
import { CliError, EXIT, NotRunningError, RefusedError } from './errors.ts';

export interface Api {
  /** In words, for messages: "the engine". */
  readonly who: string;
  readonly url: string;
  readonly token?: string;
  /** What to do when it does not answer. */
  readonly remedy: string;
}

interface Request<T> {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly raw?: { readonly data: string | Uint8Array<ArrayBuffer>; readonly type: string };
  readonly schema: z.ZodType<T> | null;
  readonly timeoutMs?: number;
}

/** The answer was an error; `place` is where in the input, as the other side says. */
export class ApiRefusal extends RefusedError {
  readonly status: number;
  readonly place: string | null;
  constructor(status: number, message: string, place: string | null) {
    super(place === null ? message : `${message} (${place})`);
    this.status = status;
    this.place = place;
    this.plain = message;
  }
  /** The message without the place. */
  readonly plain: string;
}

/**
 * One request to one of our two HTTP APIs.
 * @throws NotRunningError when nobody answers; ApiRefusal when the answer is no; CliError when it makes no sense
 */
export async function ask<T>(api: Api, request: Request<T>): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (api.token !== undefined) headers.authorization = `Bearer ${api.token}`;
  let body: string | Uint8Array<ArrayBuffer> | null = null;
  if (request.raw) {
    headers['content-type'] = request.raw.type;
    body = request.raw.data;
  } else if (request.body !== undefined) {
    headers['content-type'] = 'application/json';
    body = JSON.stringify(request.body);
  }
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`${api.url}${API_PREFIX}${request.path}`, {
      method: request.method ?? 'GET',
      headers,
      body,
      signal: AbortSignal.timeout(request.timeoutMs ?? 60_000),
    });
    text = await answer.text();
  } catch (cause) {
    throw new NotRunningError(`${api.who} at ${api.url} does not answer (${reason(cause)}); ${api.remedy}`, {
      cause,
    });
  }
  const value = readJson(text);
  if (!answer.ok) throw refusal(api, answer.status, value);
  if (request.schema === null) return undefined as T;
  const parsed = request.schema.safeParse(value);
  if (!parsed.success)
    throw new CliError(
      EXIT.failed,
      `${api.who} at ${api.url} answered something that this version of Beamtime does not understand; use the same version on both sides`,
      { cause: parsed.error },
    );
  return parsed.data;
}

function refusal(api: Api, status: number, value: unknown): CliError {
  const parsed = ApiError.safeParse(value);
  if (status === 401) return new RefusedError(`${api.who} does not accept the token; ${api.remedy}`);
  if (!parsed.success) return new ApiRefusal(status, `${api.who} answered ${status}`, null);
  return new ApiRefusal(status, parsed.data.error.message, parsed.data.error.place);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Told by the schema, or by the status, as what it is: not an answer of ours.
    return undefined;
  }
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? cause.cause.message || cause.message : cause.message;
}
