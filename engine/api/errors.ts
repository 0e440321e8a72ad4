import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ApiError } from '../../protocol/project-api.ts';
import type { ControlErrorCode } from './control.ts';

export function apiError(code: string, message: string, place: string | null = null): ApiError {
  return { error: { code, message, place } };
}

export const CONTROL_STATUS: Record<ControlErrorCode, ContentfulStatusCode> = {
  invalid: 422,
  'not-found': 404,
  conflict: 409,
  unreachable: 502,
  refused: 409,
};

/** Input that does not fit its schema. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
  readonly place: string | null;
  constructor(message: string, place: string | null = null) {
    super(message);
    this.place = place;
  }
}
