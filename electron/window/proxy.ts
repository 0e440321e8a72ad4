import { request as ask, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { API_PREFIX } from '../../protocol/project-api.ts';
import type { Address } from '../engine/link.ts';

/** As the engine's own limit. */
const BODY_BYTES = 64 * 1024;
const METHODS = ['GET', 'POST', 'PUT'];
const PASSED_ON = ['content-type', 'content-disposition', 'cache-control'];

/**
 * The page's way to the engine. The page asks its own origin and never holds the engine's token: whatever it may be
 * made to do, it can tell nobody how to reach the engine, and its policy names no address but its own.
 */
export class EngineProxy {
  readonly #address: () => Address | null;
  #streams = new Set<IncomingMessage>();

  constructor(address: () => Address | null) {
    this.#address = address;
  }

  async answer(request: Request, url: URL): Promise<Response> {
    const address = this.#address();
    if (!address) return problem(503, 'no-engine', 'the engine does not run');
    if (!METHODS.includes(request.method)) return problem(405, 'method', 'the engine knows no such request');
    const body = request.method === 'GET' ? null : Buffer.from(await request.arrayBuffer());
    if (body && body.length > BODY_BYTES) return problem(413, 'too-large', 'the request is too long');
    const isStream = url.pathname === `${API_PREFIX}/events`;
    try {
      const answer = await this.#ask(address, request, `${url.pathname}${url.search}`, body);
      if (isStream) this.#keep(answer);
      return response(answer);
    } catch (error) {
      return problem(502, 'no-engine', error instanceof Error ? error.message : 'the engine does not answer');
    }
  }

  /** Ends what the page listened to: it is gone, or another page has taken its place. */
  hangUp(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  #keep(stream: IncomingMessage): void {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
  }

  #ask(address: Address, request: Request, path: string, body: Buffer | null): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers: Record<string, string> = { authorization: `Bearer ${address.token}` };
      if (body) headers['content-type'] = 'application/json';
      const asking = ask(`${address.url}${path}`, { method: request.method, headers }, resolve);
      asking.on('error', reject);
      request.signal.addEventListener('abort', () => asking.destroy(), { once: true });
      asking.end(body ?? undefined);
    });
  }
}

function response(answer: IncomingMessage): Response {
  const status = answer.statusCode ?? 502;
  const headers: Record<string, string> = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
  for (const name of PASSED_ON) {
    const value = answer.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  const isEmpty = status === 204 || status === 304;
  if (isEmpty) answer.resume();
  // Node's web streams and the browser's are the same in all but their types.
  const body = isEmpty ? null : (Readable.toWeb(answer) as unknown as ReadableStream<Uint8Array>);
  return new Response(body, { status, headers });
}

/** An error in the engine's own form (protocol ApiError). */
export function problem(status: number, code: string, message: string): Response {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return new Response(JSON.stringify({ error: { code, message, place: null } }), { status, headers });
}
