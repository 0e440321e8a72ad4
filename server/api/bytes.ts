import type { Context } from 'hono';
import { ApiFailure } from '../errors.ts';

/** Bodies up to here are read at once: cheaper than a stream, and a cut costs little. */
const AT_ONCE_BYTES = 256_000;
/** Of what is not wanted, so much is read all the same: a sender that is still sending hears no answer. */
const DRAIN_BYTES = 4e6;

/** A request's bytes as they come. Who stops reading half way leaves the rest to drain(). */
export class BodyBytes implements AsyncIterableIterator<Uint8Array> {
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(context: Context) {
    this.#chunks = chunksOf(context);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    return this.#chunks.next();
  }

  async drain(): Promise<void> {
    for (let bytes = 0; bytes <= DRAIN_BYTES; ) {
      const { done, value } = await this.next();
      if (done) return;
      bytes += value.length;
    }
  }
}

async function* chunksOf(context: Context): AsyncIterator<Uint8Array> {
  const length = Number(context.req.header('content-length') ?? Number.NaN);
  if (length === 0) return;
  if (length <= AT_ONCE_BYTES) {
    yield new Uint8Array(await context.req.arrayBuffer());
    return;
  }
  const { body } = context.req.raw;
  if (body) for await (const chunk of body) yield chunk;
}

/**
 * A request's body as text.
 * @throws ApiFailure 413
 */
export async function readText(context: Context, maximumBytes: number): Promise<string> {
  const length = context.req.header('content-length');
  if (length !== undefined && Number(length) <= maximumBytes) return context.req.text();
  const chunks = new BodyBytes(context);
  const parts: Uint8Array[] = [];
  let bytes = Number(length ?? 0);
  while (bytes <= maximumBytes) {
    const { done, value } = await chunks.next();
    if (done) return Buffer.concat(parts).toString('utf8');
    bytes += value.length;
    parts.push(value);
  }
  await chunks.drain();
  throw new ApiFailure(413, 'too-large', `the body may have at most ${maximumBytes} bytes`);
}
