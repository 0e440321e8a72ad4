import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { Stopped, StoreFault } from '../errors.ts';

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

export interface S3Ask {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Below the prefix; "" is the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A store that is away for longer than this is away. */
const WAITS_MS = [200, 800, 3200];
/** For one request, the body's way included. */
const PATIENCE_MS = 120_000;

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

  constructor(address: S3Address, credentials: S3Credentials, signal: AbortSignal) {
    this.#address = address;
    this.#credentials = credentials;
    this.#signal = signal;
  }

  /** @returns null for 404. @throws StoreFault, Stopped */
  async ask(ask: S3Ask): Promise<Buffer | null> {
    for (let turn = 0; ; turn++) {
      const answer = await this.#once(ask).catch((error: unknown) => {
        if (this.#signal.aborted) throw new Stopped();
        return error instanceof Error ? error : new Error(String(error));
      });
      if (answer instanceof Error || answer.status >= 500 || answer.status === 429) {
        const wait = WAITS_MS[turn];
        if (wait === undefined) throw this.#fault(answer);
        await sleep(wait * (0.5 + Math.random() / 2), undefined, { signal: this.#signal }).catch(() => {
          throw new Stopped();
        });
        continue;
      }
      if (answer.status === 404 && !/<Code>NoSuchBucket</.test(answer.body.toString('utf8', 0, 1000)))
        return null;
      if (answer.status < 200 || answer.status > 299) throw this.#fault(answer);
      return answer.body;
    }
  }

  async #once({ method, key, query, headers, body }: S3Ask): Promise<{ status: number; body: Buffer }> {
    const { url: base, bucket, prefix } = this.#address;
    const url = new URL(key === '' ? `/${bucket}` : `/${bucket}/${prefix}${key}`, base);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const signer = new AwsV4Signer({
      ...this.#credentials,
      service: 's3',
      method,
      url: url.href,
      // The store refuses what arrives otherwise.
      headers: {
        ...headers,
        'x-amz-content-sha256': createHash('sha256')
          .update(body ?? '')
          .digest('hex'),
      },
    });
    const signed = await signer.sign();
    const answer = await fetch(signed.url, {
      method,
      headers: signed.headers,
      redirect: 'manual',
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(PATIENCE_MS)]),
      ...(body ? { body: Buffer.from(body) } : {}),
    });
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  }

  #fault(answer: Error | { readonly status: number; readonly body: Buffer }): StoreFault {
    const at = `${this.#address.url.host}, bucket ${this.#address.bucket}`;
    if (answer instanceof Error) {
      const { cause } = answer;
      return new StoreFault(
        `${at}: ${cause instanceof Error ? cause.message || answer.message : answer.message}`,
        {
          cause: answer,
        },
      );
    }
    const text = answer.body.toString('utf8', 0, 2000);
    const code = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(text)?.[1];
    return new StoreFault(`${at}: it answered ${answer.status}${code ? ` (${code})` : ''}`, { cause: text });
  }
}
