import type { OutputFile } from '../../protocol/primitives.ts';
import {
  API_PREFIX,
  HostIdentity,
  type HostStanding,
  type Lease,
  type LeaseReply,
  type ResultVerdict,
  type UploadState,
} from '../../protocol/project-api.ts';
import type { Delivery } from './delivery.ts';
import { type Answer, Connection } from './http.ts';

const JSON_BODY = { 'content-type': 'application/json' };

/** A registered host with a connection and a token of its own. */
export class SimulatedHost {
  readonly #connection: Connection;
  #token = '';

  constructor(url: string) {
    this.#connection = new Connection(url);
  }

  get requests(): number {
    return this.#connection.requests;
  }

  async register(): Promise<void> {
    const body = { cores: 4, os: 'bench', engineVersion: '0' };
    this.#token = HostIdentity.parse(await this.#json('POST', '/hosts', body)).token;
  }

  async lease(): Promise<LeaseReply> {
    const request = { want: 1, platforms: ['wasm32-wasi'], held: [] };
    return (await this.#json('POST', '/leases', request)) as LeaseReply;
  }

  async deliver(lease: Lease, { uploads, outcome }: Delivery): Promise<ResultVerdict> {
    for (const { file, content } of uploads) await this.#upload(file, content);
    const start = `{"lease":"${lease.id}","capsule":"wasm","seconds":1,"outcome":`;
    const report = Buffer.concat([Buffer.from(start), outcome, Buffer.from('}')]);
    return parse(await this.#send('POST', '/results', report, JSON_BODY)) as ResultVerdict;
  }

  async #upload({ sha256, bytes }: OutputFile, content: Buffer): Promise<void> {
    const state = (await this.#json('GET', `/uploads/${sha256}`)) as UploadState;
    if (state.complete) return;
    const answer = await this.#send('PATCH', `/uploads/${sha256}`, content.subarray(state.offset), {
      'content-type': 'application/octet-stream',
      'upload-offset': String(state.offset),
      'upload-length': String(bytes),
    });
    if (!(parse(answer) as UploadState).complete) throw new Error('an upload is not complete');
  }

  async standing(): Promise<HostStanding> {
    return (await this.#json('GET', '/hosts/me')) as HostStanding;
  }

  async verdict(lease: Lease): Promise<ResultVerdict | undefined> {
    const answer = await this.#json('POST', '/verdicts', { leases: [lease.id] });
    return (answer as { verdicts: ResultVerdict[] }).verdicts[0];
  }

  close(): void {
    this.#connection.close();
  }

  async #json(method: string, path: string, body?: unknown): Promise<unknown> {
    if (body === undefined) return parse(await this.#send(method, path, null));
    const bytes = Buffer.from(JSON.stringify(body));
    return parse(await this.#send(method, path, bytes, JSON_BODY));
  }

  #send(method: string, path: string, body: Buffer | null, headers: Record<string, string> = {}) {
    const authorization = this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` };
    return this.#connection.send(method, API_PREFIX + path, body, { ...headers, ...authorization });
  }
}

function parse({ status, body }: Answer): unknown {
  if (status >= 300) throw new Error(`the server answered ${status}: ${body.toString('utf8').slice(0, 300)}`);
  return JSON.parse(body.toString('utf8'));
}
