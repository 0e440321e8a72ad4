import type { Context } from 'hono';
import { ApiFailure } from '../errors.ts';
import { readRange } from '../objects/ranges.ts';

/** For what has its hash for a name. */
export const FOR_EVER = 'public, max-age=31536000, immutable';

export interface Stored {
  readonly bytes: number;
  readonly etag: string;
  readonly cacheControl: string;
  /** The bytes `from` to `to`, both included. */
  open(from: number, to: number): Promise<ReadableStream | Uint8Array<ArrayBuffer> | null>;
}

/**
 * Answers a request for stored bytes: as a whole, in the one range asked for, or not where the client has them.
 * @throws ApiFailure 416 where the range is beyond the end
 */
export async function rangedAnswer(context: Context, stored: Stored): Promise<Response> {
  const { bytes, etag } = stored;
  const headers = new Headers({
    etag,
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    'cache-control': stored.cacheControl,
  });
  if (context.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers });
  const condition = context.req.header('if-range');
  const wants = condition === undefined || condition === etag ? context.req.header('range') : null;
  const range = readRange(wants, bytes);
  if (range.kind === 'unsatisfiable') {
    context.header('content-range', `bytes */${bytes}`);
    throw new ApiFailure(416, 'range', `the object has ${bytes} bytes; ask for less`);
  }
  const [from, to] = range.kind === 'part' ? [range.from, range.to] : [0, bytes - 1];
  headers.set('content-length', String(to - from + 1));
  if (range.kind === 'part') headers.set('content-range', `bytes ${from}-${to}/${bytes}`);
  const status = range.kind === 'part' ? 206 : 200;
  if (context.req.method === 'HEAD' || bytes === 0) return new Response(null, { status, headers });
  return new Response(await stored.open(from, to), { status, headers });
}
