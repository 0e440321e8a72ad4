import { goingWithReport, withBytes } from '../../engine/work/upload.ts';
import type { OutputFile } from '../../protocol/primitives.ts';
import {
  API_PREFIX,
  HostIdentity,
  type HostStanding,
  type Lease,
  type LeaseReply,
  type ReportedFile,
  type ResultReport,
  type ResultVerdict,
  type UploadState,
} from '../../protocol/project-api.ts';
import { type Answer, Connection } from './http.ts';
import type { Outputs } from './outputs.ts';

/** How a simulated host sends its outputs: as an engine does, or each by a resumable upload even where it is small. */
export type Delivery = 'engine' | 'uploads';

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

  /** As an engine does it (work/deliver-step.ts); or, for comparison, all files by uploads. */
  async deliver(lease: Lease, outputs: Outputs, delivery: Delivery): Promise<ResultVerdict> {
    const going = delivery === 'engine' ? goingWithReport(outputs.files) : new Set<OutputFile>();
    const files: ReportedFile[] = [];
    for (const [i, file] of outputs.files.entries()) {
      const content = outputs.contents[i] ?? Buffer.alloc(0);
      if (going.has(file)) files.push(await withBytes(file, content));
      else {
        await this.#upload(file, content);
        files.push(file);
      }
    }
    const report: ResultReport = {
      lease: lease.id,
      outcome: { state: 'finished', outputHash: outputs.outputHash, files },
      capsule: 'wasm',
      seconds: 1,
    };
    return (await this.#json('POST', '/results', report)) as ResultVerdict;
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
    return parse(await this.#send(method, path, bytes, { 'content-type': 'application/json' }));
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
