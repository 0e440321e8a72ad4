import http, { type IncomingMessage } from 'node:http';
import type https from 'node:https';

/** The part of HTTP that the client of a project needs. The global fetch is one; see httpTransport for why it is not used. */
export type Transport = (url: string, request: TransportRequest) => Promise<Answer>;

export interface TransportRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Ends the request, and the answer's body while that still comes. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: { get(name: string): string | null };
  /** Leaving the loop over it early lets the connection go. */
  readonly body: AsyncIterable<Uint8Array> | null;
}

const REDIRECTS_FOLLOWED = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Servers keep an idle connection for a minute or so; ours is dropped before. */
const IDLE_MS = 30_000;

/**
 * HTTP over node:http. Not fetch: what that brings along takes some ten megabytes of an engine that has nothing to do
 * (bench idle), and nobody who gives us a core should miss them. TLS is loaded when an address asks for it.
 */
export function httpTransport(): Transport {
  const agents = new Agents();
  return async (url, request) => {
    let at = new URL(url);
    let { headers } = request;
    for (let hops = 0; ; hops++) {
      const answer = await send(await agents.for(at), at, { ...request, headers });
      const location = answer.headers.location;
      // Bytes that were meant for one server are not sent to another: only questions follow.
      if (!REDIRECTS.has(answer.statusCode ?? 0) || location === undefined || request.method !== 'GET')
        return answerOf(answer);
      answer.destroy();
      if (hops === REDIRECTS_FOLLOWED) throw new Error(`more than ${REDIRECTS_FOLLOWED} redirections`);
      const next = new URL(location, at);
      if (next.protocol !== 'http:' && next.protocol !== 'https:')
        throw new Error(`redirected to ${next.protocol}`);
      if (at.protocol === 'https:' && next.protocol === 'http:')
        throw new Error('redirected from https to http');
      if (next.origin !== at.origin) {
        const { authorization: _, ...others } = headers;
        headers = others;
      }
      at = next;
    }
  };
}

/** What speaks a scheme, with its kept connections. */
interface Speaker {
  readonly request: typeof http.request | typeof https.request;
  readonly agent: http.Agent;
}

class Agents {
  readonly #plain: Speaker = { request: http.request, agent: new http.Agent(AGENT) };
  #secure: Promise<Speaker> | null = null;

  for(url: URL): Promise<Speaker> {
    if (url.protocol === 'http:') return Promise.resolve(this.#plain);
    this.#secure ??= import('node:https').then((module) => ({
      request: module.request,
      agent: new module.Agent(AGENT),
    }));
    return this.#secure;
  }
}

const AGENT = { keepAlive: true, timeout: IDLE_MS, maxFreeSockets: 2 };

async function send(speaker: Speaker, url: URL, request: TransportRequest): Promise<IncomingMessage> {
  try {
    return await sendOnce(speaker, url, request);
  } catch (error) {
    // A kept connection that the server closed at this very moment; every request of ours may be repeated.
    if (!(error instanceof StaleConnection)) throw error;
    return sendOnce(speaker, url, request);
  }
}

class StaleConnection extends Error {}

function sendOnce(
  { request, agent }: Speaker,
  url: URL,
  { method, headers, body, signal }: TransportRequest,
) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const length: Record<string, number> =
      body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sending = request(url, { method, headers: { ...headers, ...length }, agent, signal }, resolve);
    sending.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(signal.reason);
      else if (sending.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE'))
        reject(new StaleConnection('kept connection closed', { cause: error }));
      else reject(error);
    });
    sending.end(body);
  });
}

function answerOf(message: IncomingMessage): Answer {
  return {
    status: message.statusCode ?? 0,
    statusText: message.statusMessage ?? '',
    headers: {
      get(name) {
        const value = message.headers[name];
        return value === undefined ? null : String(value);
      },
    },
    body: message,
  };
}
