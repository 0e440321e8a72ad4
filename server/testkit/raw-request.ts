import { Agent, type IncomingHttpHeaders, request } from 'node:http';

export interface RawReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface RawRequest {
  readonly method: string;
  /** As it is sent: nothing is normalised, as fetch() would. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
}

const agent = new Agent({ keepAlive: true, maxSockets: 16, timeout: 60_000 });

/** Closes the connections that were kept. */
export function closeRaw(): void {
  agent.destroy();
}

export function sendRaw(url: string, { method, path, headers = {}, body }: RawRequest): Promise<RawReply> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ agent, hostname, port, method, path, headers: { ...headers } }, (answer) => {
      const { statusCode: status = 0, headers } = answer;
      if (headers['content-type'] === 'text/event-stream') {
        // It has no end: that it began is the answer.
        answer.destroy();
        resolve({ status, headers, text: '' });
        return;
      }
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status, headers, text: Buffer.concat(chunks).toString('utf8') }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
