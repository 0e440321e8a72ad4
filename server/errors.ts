import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** An answer of refusal. `message` is for a person and says what to do; `place` is where in the input. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly place: string | null;
  /** Where the same request may succeed later. */
  readonly retryAfterSeconds: number | null;
  constructor(
    status: ContentfulStatusCode,
    code: string,
    message: string,
    options: { place?: string | null; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = status;
    this.code = code;
    this.place = options.place ?? null;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}

/** The server can not start; the message says what to do. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError';
}
