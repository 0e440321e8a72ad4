import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';

/** Who asks, as the tools of Amazon call it. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region: string;
}

/** A bucket of an S3-compatible store, by "http://HOST/BUCKET/PREFIX". */
export interface S3Address {
  readonly url: URL;
  readonly bucket: string;
  /** Of all keys: "" or "a/b/". */
  readonly prefix: string;
}

/** A file to be sent as its body. */
export interface S3File {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface S3Ask {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Below the prefix; "" is the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | S3File;
}

/** The store did not do what it was asked for. */
export class S3Fault extends Error {
  override readonly name = 'S3Fault';
  /** It did not answer, or only that it can not just now; else it refused, and will again. */
  readonly isAway: boolean;
  constructor(message: string, isAway: boolean, cause: unknown) {
    super(message, { cause });
    this.isAway = isAway;
  }
}

export interface S3Patience {
  /** Between tries; a store that is away for longer is away. */
  readonly waitsMs: readonly number[];
  /** Until one request is answered, not counting the bytes of a body. */
  readonly answerMs: number;
}

const PATIENCE: S3Patience = { waitsMs: [200, 800, 3200], answerMs: 120_000 };
/** The slowest line on which a body is waited for. */
const BYTES_PER_MS = 500;

/** @returns null where it is no address of a bucket */
export function parseS3Address(text: string): S3Address | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const [bucket = '', ...rest] = url.pathname.split('/').filter((part) => part !== '');
  const isPlain = url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!/^https?:$/.test(url.protocol) || bucket === '' || !isPlain) return null;
  return { url, bucket, prefix: rest.map((part) => `${part}/`).join('') };
}

/** Signed requests to a bucket, repeated while the store does not answer. */
export class S3 {
  readonly #address: S3Address;
  readonly #credentials: S3Credentials;
  readonly #signal: AbortSignal;
  readonly #patience: S3Patience;

  constructor(address: S3Address, credentials: S3Credentials, signal: AbortSignal, patience = PATIENCE) {
    this.#address = address;
    this.#credentials = credentials;
    this.#signal = signal;
    this.#patience = patience;
  }

  /** @returns null for 404. @throws S3Fault; what the signal was aborted with */
  async ask(ask: S3Ask): Promise<Buffer | null> {
    return this.#ask(ask, async (answer) => Buffer.from(await answer.arrayBuffer()));
  }

  /** @returns the length of what has that key; null for 404. @throws S3Fault */
  async size(key: string): Promise<number | null> {
    return this.#ask({ method: 'HEAD', key }, async ({ headers }) => {
      const bytes = headers.get('content-length');
      if (bytes === null) throw new Error('it did not say the length of an object');
      return Number(bytes);
    });
  }

  /**
   * The bytes `from` to `to`, both included, as they come; a store that goes away meanwhile breaks them off.
   * @returns null for 404. @throws S3Fault where they do not begin
   */
  async stream(key: string, from: number, to: number): Promise<ReadableStream<Uint8Array> | null> {
    const ask = { method: 'GET', key, headers: { range: `bytes=${from}-${to}` } } as const;
    return this.#ask(ask, async (answer) => {
      const expected = String(to - from + 1);
      if (answer.body && answer.headers.get('content-length') === expected) return answer.body;
      await answer.body?.cancel();
      throw new Error(`it did not give the ${expected} bytes asked for`);
    });
  }

  async #ask<T>(ask: S3Ask, taken: (answer: Response) => Promise<T>): Promise<T | null> {
    for (let turn = 0; ; turn++) {
      const answer = await this.#once(ask, taken).catch((error: unknown) => {
        this.#signal.throwIfAborted();
        return error instanceof Error ? error : new Error(String(error));
      });
      if (!(answer instanceof Error) && 'value' in answer) return answer.value;
      if (answer instanceof Error || answer.status >= 500 || answer.status === 429) {
        const wait = this.#patience.waitsMs[turn];
        if (wait === undefined) throw this.#fault(answer, true);
        await sleep(wait * (0.5 + Math.random() / 2), undefined, { signal: this.#signal }).catch(() => {});
        this.#signal.throwIfAborted();
        continue;
      }
      if (answer.status === 404 && !/<Code>NoSuchBucket</.test(answer.text)) return null;
      throw this.#fault(answer, false);
    }
  }

  async #once<T>(
    { method, key, query, headers, body }: S3Ask,
    taken: (answer: Response) => Promise<T>,
  ): Promise<{ readonly value: T } | Refused> {
    const { url: base, bucket, prefix } = this.#address;
    const url = new URL(key === '' ? `/${bucket}` : `/${bucket}/${prefix}${key}`, base);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const file = body && !(body instanceof Uint8Array) ? body : null;
    const bytes = body instanceof Uint8Array ? body : null;
    const signer = new AwsV4Signer({
      ...this.#credentials,
      service: 's3',
      method,
      url: url.href,
      // The store refuses what arrives otherwise.
      headers: {
        ...headers,
        'x-amz-content-sha256':
          file?.sha256 ??
          createHash('sha256')
            .update(bytes ?? '')
            .digest('hex'),
      },
    });
    const signed = await signer.sign();
    if (file) signed.headers.set('content-length', String(file.bytes));
    const late = new AbortController();
    const bodyBytes = file?.bytes ?? bytes?.length ?? 0;
    const timer = setTimeout(
      () => late.abort(new Error('it did not answer')),
      this.#patience.answerMs + bodyBytes / BYTES_PER_MS,
    );
    // A file without bytes is no body: a stream of none would be sent in chunks, which stores refuse.
    const stream = file && file.bytes > 0 ? createReadStream(file.path) : null;
    try {
      const answer = await fetch(signed.url, {
        method,
        headers: signed.headers,
        redirect: 'manual',
        signal: AbortSignal.any([this.#signal, late.signal]),
        ...(bytes ? { body: Buffer.from(bytes) } : {}),
        ...(stream ? { body: Readable.toWeb(stream) as ReadableStream, duplex: 'half' as const } : {}),
      });
      if (answer.status < 200 || answer.status > 299)
        return { status: answer.status, text: (await answer.text()).slice(0, 2000) };
      return { value: await taken(answer) };
    } finally {
      clearTimeout(timer);
      stream?.destroy();
    }
  }

  #fault(answer: Error | Refused, isAway: boolean): S3Fault {
    const at = `${this.#address.url.host}, bucket ${this.#address.bucket}`;
    if (answer instanceof Error) {
      const { cause } = answer;
      const why = cause instanceof Error ? cause.message || answer.message : answer.message;
      return new S3Fault(`${at}: ${why}`, isAway, answer);
    }
    const code = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(answer.text)?.[1];
    const words = `${at}: it answered ${answer.status}${code ? ` (${code})` : ''}`;
    return new S3Fault(words, isAway, answer.text);
  }
}

interface Refused {
  readonly status: number;
  readonly text: string;
}
