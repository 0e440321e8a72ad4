import type { Context } from 'hono';
import { ApiFailure } from '../errors.ts';

/** Bodies up to here are read at once: cheaper than a stream, and a cut costs little. */
const AT_ONCE_BYTES = 256_000;

/** A request's bytes as they come. */
export async function* bytesOf(context: Context): AsyncGenerator<Uint8Array, undefined> {
  const length = Number(context.req.header('content-length') ?? Number.NaN);
  if (length === 0) return;
  if (length <= AT_ONCE_BYTES) {
    yield new Uint8Array(await context.req.arrayBuffer());
    return;
  }
  const { body } = context.req.raw;
  if (body) for await (const chunk of body) yield chunk;
}

/** Of what is not wanted, so much is read all the same: a sender that is still sending hears no answer. */
const DRAIN_BYTES = 4e6;

export async function drain(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > DRAIN_BYTES) return;
  }
}

/**
 * A request's body as text.
 * @throws ApiFailure 413
 */
export async function readText(context: Context, maximumBytes: number): Promise<string> {
  const chunks = bytesOf(context);
  const tooLarge = async () => {
    await drain(chunks);
    return new ApiFailure(413, 'too-large', `the body may have at most ${maximumBytes} bytes`);
  };
  const length = context.req.header('content-length');
  if (length !== undefined) {
    if (Number(length) > maximumBytes) throw await tooLarge();
    return context.req.text();
  }
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return Buffer.concat(parts).toString('utf8');
    bytes += value.length;
    if (bytes > maximumBytes) throw await tooLarge();
    parts.push(value);
  }
}
