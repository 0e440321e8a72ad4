import type { z } from 'zod';
import { showPath } from '../campaigns/document.ts';
import { ApiFailure } from '../errors.ts';

/** @throws ApiFailure 400 with what JSON.parse says, which names the position */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
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
}

/** @throws ApiFailure 422 with the place of the first thing that is wrong */
export function parseWith<S extends z.ZodType>(schema: S, value: unknown, part: string | null): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = showPath(issue?.path ?? []);
  const place = [part, path].filter((word) => word !== null && word !== '').join(' ');
  throw new ApiFailure(
    422,
    'invalid-input',
    `${path === '' ? '' : `${path}: `}${issue?.message ?? 'invalid'}`,
    {
      place: place === '' ? null : place,
    },
  );
}
