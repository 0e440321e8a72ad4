import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { outputHash } from '../../platform/output-hash.ts';
import {
  type Lease,
  LeaseRequest,
  type ReportedFile,
  ResultReport,
  type ResultVerdict,
} from '../../protocol/project-api.ts';
import type { Release, Signed } from '../../protocol/release.ts';

/** How a request goes wrong: refused before it is looked at, or answered into the void after it took effect. */
export type Mishap = 'none' | 'unreachable' | 'answer lost' | 'busy' | 'damaged' | 'cut';

/**
 * A model of a project, as small as the API allows, behind a `fetch`: for tests of the engine's behaviour under
 * mishaps that a real server cannot be made to have at will. It checks what it is told and keeps every report.
 */
export class ModelProject {
  readonly url = 'http://model.example';
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly program = Buffer.from('a program, by name only');
  readonly reports = new Map<string, string[]>();
  readonly returned = new Set<string>();
  readonly leased = new Map<string, Lease>();
  readonly verdicts = new Map<string, ResultVerdict>();
  readonly uploads = new Map<string, Buffer>();
  readonly complete = new Set<string>();
  requests = 0;
  /** Decides each request's fate. */
  mishap: (path: string) => Mishap = () => 'none';
  units: number;
  #signed: Signed;
  #asked = 0;

  constructor(units: number) {
    this.units = units;
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    this.publicKey = raw.toString('base64');
    this.fingerprint = createHash('sha256').update(raw).digest('hex').slice(0, 32);
    const release: Release = {
      application: 'model',
      version: '1',
      title: 'Model',
      description: '',
      licence: 'none',
      programs: { 'wasm32-wasi': { sha256: hash(this.program), bytes: this.program.length } },
      args: [],
      parameters: {},
      histograms: [],
      samples: [],
      limits: { memoryMb: 16, wallSeconds: 60, outputBytes: 1e6 },
      referenceMicrosecondsPerEvent: 1,
    };
    const body = JSON.stringify(release);
    this.#signed = { body, signature: sign(null, Buffer.from(body), privateKey).toString('base64') };
  }

  readonly fetch: typeof fetch = async (input, init) => {
    this.requests++;
    const url = new URL(String(input));
    const path = url.pathname.replace('/api/v1', '');
    const mishap = this.mishap(path);
    if (mishap === 'unreachable') throw new TypeError('fetch failed');
    if (mishap === 'busy')
      return new Response('<h1>busy</h1>', { status: 503, headers: { 'retry-after': '3' } });
    const body = init?.body;
    const bytes =
      body === undefined || body === null ? Buffer.alloc(0) : Buffer.from(body as Uint8Array | string);
    const answer = this.#answer(path, init?.method ?? 'GET', bytes, new Headers(init?.headers), mishap);
    if (mishap === 'answer lost') throw new TypeError('connection reset');
    return answer;
  };

  #answer(path: string, method: string, body: Buffer, headers: Headers, mishap: Mishap): Response {
    const [, area, id] = path.split('/');
    const json = () => JSON.parse(body.toString());
    if (area === 'releases') return Response.json(this.#signed);
    if (area === 'objects') return this.#object(headers, mishap);
    if (path === '/leases/release') {
      for (const lease of json().leases) this.returned.add(lease);
      return new Response(null, { status: 204 });
    }
    if (area === 'leases') return Response.json(this.#lease(LeaseRequest.parse(json())));
    if (area === 'uploads' && id) return this.#upload(id, method, body, headers, mishap);
    if (area === 'results') return this.#report(ResultReport.parse(json()));
    if (area === 'verdicts') {
      this.#asked++;
      const leases: string[] = json().leases;
      return Response.json({ verdicts: leases.map((lease) => this.#verdict(lease, this.#asked % 2 === 0)) });
    }
    return refusal(404, 'no such thing');
  }

  #lease({ want, held }: LeaseRequest) {
    const leases: Lease[] = [];
    // Those whose answer was lost on the way are told again, as a server that keeps promises does.
    for (const lease of this.leased.values()) {
      const isOver = this.returned.has(lease.id) || this.reports.has(lease.id);
      if (leases.length < want && !held.includes(lease.id) && !isOver) leases.push(lease);
    }
    while (leases.length < want && this.leased.size < this.units) {
      const index = this.leased.size;
      const lease: Lease = {
        id: `lease-${index}`,
        unitId: `unit-${index}`,
        campaign: 'c',
        campaignTitle: 'C',
        application: 'model',
        version: '1',
        card: { seed: 1, firstEvent: index * 10, events: 10, blockEvents: 10, parameters: {} },
        deadline: '2100-01-01T00:00:00Z',
      };
      this.leased.set(lease.id, lease);
      leases.push(lease);
    }
    const unknown = held.filter((lease) => !this.leased.has(lease));
    return { leases, unknown, retryAfterSeconds: 1, reason: leases.length === 0 ? 'all is given out' : null };
  }

  #object(headers: Headers, mishap: Mishap): Response {
    const from = Number(/bytes=(\d+)-/.exec(headers.get('range') ?? '')?.[1] ?? 0);
    const bytes = Uint8Array.from(this.program.subarray(from));
    if (mishap === 'damaged') bytes[0] = (bytes[0] ?? 0) ^ 255;
    const sent = mishap === 'cut' ? bytes.subarray(0, bytes.length / 2) : bytes;
    const range = { 'content-range': `bytes ${from}-${this.program.length - 1}/${this.program.length}` };
    return new Response(sent, from > 0 ? { status: 206, headers: range } : { status: 200 });
  }

  #upload(sha256: string, method: string, body: Buffer, headers: Headers, mishap: Mishap): Response {
    const here = this.uploads.get(sha256) ?? Buffer.alloc(0);
    const state = (bytes: Buffer, status = 200) =>
      Response.json({ offset: bytes.length, complete: this.complete.has(sha256) }, { status });
    if (method === 'GET' || this.complete.has(sha256)) return state(here);
    if (Number(headers.get('upload-offset')) !== here.length) return state(here, 409);
    const taken = Buffer.from(mishap === 'cut' ? body.subarray(0, body.length / 2) : body);
    if (mishap === 'damaged' && taken.length > 0) taken[0] = (taken[0] ?? 0) ^ 255;
    const now = Buffer.concat([here, taken]);
    this.uploads.set(sha256, now);
    if (now.length === Number(headers.get('upload-length'))) {
      if (hash(now) !== sha256) {
        this.uploads.delete(sha256);
        return refusal(422, 'not the bytes that were named');
      }
      this.complete.add(sha256);
    }
    if (mishap === 'cut') throw new TypeError('connection reset');
    return state(now);
  }

  #report(report: ResultReport): Response {
    const { lease, outcome } = report;
    if (!this.leased.has(lease)) return refusal(404, 'no such lease');
    if (outcome.state === 'finished') {
      const came = ({ sha256, data, deflated }: ReportedFile) =>
        data === undefined
          ? this.complete.has(sha256)
          : createHash('sha256').update(bytesOf(data, deflated)).digest('hex') === sha256;
      const missing = outcome.files.find((file) => !came(file));
      if (missing) throw new Error(`reported before ${missing.path} was uploaded`);
      if (outputHash(outcome.files) !== outcome.outputHash)
        throw new Error('output hash is not of the files');
    }
    this.reports.set(lease, [...(this.reports.get(lease) ?? []), JSON.stringify(outcome)]);
    return Response.json(this.#verdict(lease, false));
  }

  #verdict(lease: string, decide: boolean): ResultVerdict {
    const known = this.verdicts.get(lease);
    if (known) return known;
    const outcome = JSON.parse(this.reports.get(lease)?.[0] ?? '{}');
    const state = !decide ? 'pending' : outcome.state === 'failed' ? 'failed' : 'valid';
    const verdict: ResultVerdict = {
      lease,
      state,
      creditMicroseconds: state === 'valid' ? 10 : 0,
      reason: null,
    };
    if (decide) this.verdicts.set(lease, verdict);
    return verdict;
  }
}

function refusal(status: number, message: string): Response {
  return Response.json({ error: { code: 'refused', message, place: null } }, { status });
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function bytesOf(data: string, deflated = false): Buffer {
  const bytes = Buffer.from(data, 'base64');
  return deflated ? inflateRawSync(bytes) : bytes;
}
