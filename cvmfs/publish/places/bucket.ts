import {
  parseS3Address,
  S3,
  type S3Address,
  type S3Ask,
  type S3Credentials,
  S3Fault,
} from '../../../platform/s3.ts';
import { algorithmOf, type ContentHash, hashOf } from '../../format/hashes.ts';
import { ObjectCorrupt } from '../../read/errors.ts';
import { collect } from '../../read/receive.ts';
import { Stopped, StoreFault } from '../errors.ts';
import type { Held, ListedObject, Place } from './place.ts';

/** One object in memory, of which several come at once. */
const MOST_OBJECT_BYTES = 1024 * 1024 * 1024;
const OBJECT = /^data\/[0-9a-f]{2}\/[0-9a-f]{38}(-[a-z0-9]{1,12})?[A-Z]?$/;

/**
 * A bucket of an S3-compatible store, which serves it. A PUT is there whole and for good when it is answered, or not at
 * all; so the order of writes is all that safety takes. Nobody locks a bucket: one publisher a repository.
 */
class BucketPlace implements Place {
  readonly shown: string;
  readonly #s3: S3;
  readonly #signal: AbortSignal;
  readonly #prefix: string;
  /** Objects by the first two digits of their hash, as they were when first asked for, and what was put since. */
  readonly #known = new Map<string, Promise<Set<string>>>();

  constructor(address: S3Address, credentials: S3Credentials, signal: AbortSignal) {
    this.shown = address.url.href;
    this.#prefix = address.prefix;
    this.#s3 = new S3(address, credentials, signal);
    this.#signal = signal;
  }

  async hold(): Promise<Held> {
    return { doubtful: false, finished: async () => {}, release: async () => {} };
  }

  /** One request lists a thousand, and one for each would be too many for a large catalog of which a little has changed. */
  async has(path: string): Promise<boolean> {
    if (!OBJECT.test(path)) return (await this.#ask({ method: 'HEAD', key: path })) !== null;
    return (await this.#part(path)).has(path);
  }

  read(path: string): Promise<Buffer | null> {
    return this.#ask({ method: 'GET', key: path });
  }

  localPath(): null {
    return null;
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    const isObject = OBJECT.test(path);
    const headers = {
      'content-type': 'application/octet-stream',
      'cache-control': isObject ? 'public, max-age=31536000, immutable' : 'no-cache',
    };
    await this.#ask({ method: 'PUT', key: path, headers, body: bytes });
    if (isObject) (await this.#known.get(path.slice(0, PART_LENGTH)))?.add(path);
  }

  async receive(path: string, hash: ContentHash, body: AsyncIterable<Uint8Array>): Promise<number> {
    const bytes = await collect(body, path, MOST_OBJECT_BYTES);
    if (hashOf(algorithmOf(hash), bytes) !== hash) throw new ObjectCorrupt(hash, 'other bytes');
    await this.put(path, bytes);
    return bytes.length;
  }

  async settle(): Promise<void> {}

  list(): AsyncGenerator<ListedObject> {
    return this.#listed('data/');
  }

  async remove(path: string): Promise<void> {
    await this.#ask({ method: 'DELETE', key: path });
    (await this.#known.get(path.slice(0, PART_LENGTH)))?.delete(path);
  }

  #ask(ask: S3Ask): Promise<Buffer | null> {
    return this.#s3.ask(ask).catch((cause: unknown) => {
      if (this.#signal.aborted) throw new Stopped();
      throw cause instanceof S3Fault ? new StoreFault(cause.message, { cause }) : cause;
    });
  }

  #part(path: string): Promise<Set<string>> {
    const part = path.slice(0, PART_LENGTH);
    const known = this.#known.get(part);
    if (known) return known;
    const listing = (async () => {
      const found = new Set<string>();
      for await (const one of this.#listed(part)) found.add(one.path);
      return found;
    })();
    this.#known.set(part, listing);
    // Asked again, it is tried again.
    listing.catch(() => this.#known.delete(part));
    return listing;
  }

  async *#listed(below: string): AsyncGenerator<ListedObject> {
    let token: string | undefined;
    do {
      const query = {
        'list-type': '2',
        prefix: `${this.#prefix}${below}`,
        ...(token === undefined ? {} : { 'continuation-token': token }),
      };
      const xml = (await this.#ask({ method: 'GET', key: '', query }))?.toString('utf8') ?? '';
      for (const [, content = ''] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const path = (inXml(content, 'Key') ?? '').slice(this.#prefix.length);
        if (OBJECT.test(path)) yield { path, bytes: Number(inXml(content, 'Size')) };
      }
      token = inXml(xml, 'IsTruncated') === 'true' ? inXml(xml, 'NextContinuationToken') : undefined;
    } while (token !== undefined);
  }
}

/** "data/ab/" */
const PART_LENGTH = 8;

/** The text of an element that has no others in it. */
function inXml(xml: string, element: string): string | undefined {
  const text = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
  return text
    ?.replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

/** @returns null where that is no address of a bucket */
export function bucketPlace(url: string, credentials: S3Credentials, signal: AbortSignal): Place | null {
  const address = parseS3Address(url);
  return address && new BucketPlace(address, credentials, signal);
}
