import type { Context } from 'hono';
import { ApiFailure } from '../errors.ts';
import type { RequestLimits } from '../limits.ts';

/** Bodies up to here are read at once: cheaper than a stream, and a cut costs little. */
const AT_ONCE_BYTES = 256_000;
/** Of what is not wanted, so much is read all the same: a sender that is still sending hears no answer. */
const DRAIN_BYTES = 4e6;

/**
 * A request's bytes as they come. Who stops reading half way leaves the rest to drain().
 * A sender that is too slow makes next() throw ApiFailure 408, and nothing more is read of it.
 */
export class BodyBytes implements AsyncIterableIterator<Uint8Array> {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #limits: RequestLimits;
  #windowEndMs: number;
  #windowBytes = 0;
  #isTooSlow = false;

  constructor(context: Context, limits: RequestLimits) {
    this.#chunks = chunksOf(context);
    this.#limits = limits;
    this.#windowEndMs = performance.now() + limits.windowMs;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#isTooSlow) return { done: true, value: undefined };
    const next = this.#chunks.next();
    for (;;) {
      const left = this.#windowEndMs - performance.now();
      if (left <= 0) {
        this.#isTooSlow = this.#windowBytes < this.#limits.windowBytes;
        if (this.#isTooSlow) throw tooSlow();
        this.#windowBytes = 0;
        this.#windowEndMs += this.#limits.windowMs;
        continue;
      }
      const came = await within(left, next);
      if (came === null) continue;
      this.#windowBytes += came.value?.length ?? 0;
      return came;
    }
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

function tooSlow(): ApiFailure {
  return new ApiFailure(408, 'too-slow', 'the body came too slowly; send it again');
}

/** @returns null where it takes longer */
async function within<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A request's body as text.
 * @throws ApiFailure 413, 408
 */
export async function readText(
  context: Context,
  maximumBytes: number,
  limits: RequestLimits,
): Promise<string> {
  const text = await within(limits.textMs, wholeText(context, maximumBytes, limits));
  if (text === null) throw tooSlow();
  return text;
}

async function wholeText(context: Context, maximumBytes: number, limits: RequestLimits): Promise<string> {
  const length = context.req.header('content-length');
  if (length !== undefined && Number(length) <= maximumBytes) return context.req.text();
  const chunks = new BodyBytes(context, limits);
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
