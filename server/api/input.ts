import type { z } from 'zod';
import { showPath } from '../campaigns/document.ts';
import { isTooDeep, TOO_DEEP } from '../depth.ts';
import { ApiFailure } from '../errors.ts';
import { UNSTORABLE, unstorable } from '../storable.ts';

/** @throws ApiFailure 400 with what JSON.parse says, which names the position; 422 where it is nested too deeply */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ApiFailure(
      400,
      'not-json',
      `the body is not JSON: ${cause instanceof Error ? cause.message : cause}`,
      {
        cause,
      },
    );
  }
  if (isTooDeep(value)) throw new ApiFailure(422, 'invalid-input', `the body ${TOO_DEEP}`);
  return value;
}

/** @throws ApiFailure 422 with the place of the first thing that is wrong */
export function parseWith<S extends z.ZodType>(schema: S, value: unknown, part: string | null): z.output<S> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(part, issue?.path ?? [], issue?.message ?? 'invalid');
  }
  const path = unstorable(parsed.data);
  if (path) throw invalid(part, path, UNSTORABLE);
  return parsed.data;
}

function invalid(part: string | null, path: readonly PropertyKey[], message: string): ApiFailure {
  const shown = showPath(path);
  const place = [part, shown].filter((word) => word !== null && word !== '').join(' ');
  return new ApiFailure(422, 'invalid-input', `${shown === '' ? '' : `${shown}: `}${message}`, {
    place: place === '' ? null : place,
  });
}
