import type { z } from 'zod';
import { sha256 } from '../../platform/files.ts';
import { outputHash } from '../../platform/output-hash.ts';
import { CampaignDetail, type CampaignSpec } from '../../protocol/campaign.ts';
import {
  API_PREFIX,
  ApiError,
  HostIdentity,
  HostStanding,
  type Lease,
  LeaseReply,
  type ResultReport,
  ResultVerdict,
  UploadState,
} from '../../protocol/project-api.ts';
import type { Release } from '../../protocol/release.ts';
import { type StaffResult, StaffResults, type StaffUnit, StaffUnits } from '../../protocol/staff-api.ts';

/** An answer as it came; `json` is its body where that is JSON. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly json: unknown;
}

/** The server refused; the message has its words. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  constructor(method: string, path: string, { status, bytes }: Reply) {
    super(`${method} ${path}: ${status} ${bytes.toString('utf8')}`);
    this.status = status;
  }
}

export type Files = Readonly<Record<string, string | Buffer>>;

/** Speaks to a project server as anybody can: over HTTP. */
export class Client {
  readonly url: string;
  readonly token: string | null;

  constructor(url: string, token: string | null = null) {
    this.url = url;
    this.token = token;
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const answer = await fetch(this.url + API_PREFIX + path, {
      method,
      headers: {
        ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const isJson = /^application\/json/.test(answer.headers.get('content-type') ?? '');
    return {
      status: answer.status,
      headers: answer.headers,
      bytes,
      json: isJson && bytes.length > 0 ? JSON.parse(bytes.toString('utf8')) : null,
    };
  }

  /** @throws Refused */
  async ask<S extends z.ZodType>(
    schema: S,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<z.output<S>> {
    const reply = await this.send(method, path, body);
    if (reply.status >= 300) throw new Refused(method, path, reply);
    return schema.parse(reply.json);
  }
}

/** @returns the refusal's parts; fails where it is none of that status */
export function refusal(reply: Reply, status: number): ApiError['error'] {
  if (reply.status !== status)
    throw new Error(`expected ${status}, got ${reply.status} ${reply.bytes.toString('utf8')}`);
  return ApiError.parse(reply.json).error;
}

/** A registered host that does what an engine does, step by step. */
export class Host extends Client {
  readonly id: string;

  constructor(url: string, { hostId, token }: HostIdentity) {
    super(url, token);
    this.id = hostId;
  }

  static async register(url: string): Promise<Host> {
    const body = { cores: 2, os: 'test', engineVersion: '0' };
    return new Host(url, await new Client(url).ask(HostIdentity, 'POST', '/hosts', body));
  }

  leases(want: number, held: readonly string[] = []): Promise<LeaseReply> {
    return this.ask(LeaseReply, 'POST', '/leases', {
      want,
      platforms: ['wasm32-wasi', 'x86_64-linux'],
      held,
    });
  }

  /** One lease; fails where there is none. */
  async lease(held: readonly string[] = []): Promise<Lease> {
    const { leases, reason } = await this.leases(1, held);
    const [lease] = leases;
    if (!lease) throw new Error(`no work for ${this.id}: ${reason}`);
    return lease;
  }

  /** In one part. */
  async upload(bytes: Buffer): Promise<UploadState> {
    const reply = await this.part(sha256(bytes), bytes, 0, bytes.length);
    if (reply.status !== 200) throw new Error(`upload: ${reply.status} ${reply.bytes.toString('utf8')}`);
    return UploadState.parse(reply.json);
  }

  part(hash: string, bytes: Buffer, offset: number, length: number): Promise<Reply> {
    return this.send('PATCH', `/uploads/${hash}`, bytes, {
      'upload-offset': String(offset),
      'upload-length': String(length),
    });
  }

  report(report: ResultReport): Promise<ResultVerdict> {
    return this.ask(ResultVerdict, 'POST', '/results', report);
  }

  /** Uploads and reports. */
  async finish(lease: Lease, files: Files): Promise<ResultVerdict> {
    for (const content of Object.values(files)) await this.upload(Buffer.from(content));
    return this.report(finished(lease, files));
  }

  async verdict(lease: Lease): Promise<ResultVerdict | undefined> {
    const reply = await this.send('POST', '/verdicts', { leases: [lease.id] });
    return (reply.json as { verdicts: ResultVerdict[] }).verdicts[0];
  }

  standing(): Promise<HostStanding> {
    return this.ask(HostStanding, 'GET', '/hosts/me');
  }
}

/** A report of files that are uploaded. */
export function finished(lease: Lease, files: Files): ResultReport {
  const listed = Object.entries(files).map(([path, content]) => {
    const bytes = Buffer.from(content);
    return { path, sha256: sha256(bytes), bytes: bytes.length };
  });
  return {
    lease: lease.id,
    outcome: { state: 'finished', outputHash: outputHash(listed), files: listed },
    capsule: 'wasm',
    seconds: 1,
  };
}

export function failedReport(
  lease: Lease,
  parts: Partial<{ reason: string; consoleTail: string; exitStatus: number }> = {},
): ResultReport {
  return {
    lease: lease.id,
    outcome: { state: 'failed', reason: 'exit status 3', exitStatus: 3, consoleTail: 'oh', ...parts },
    capsule: 'wasm',
    seconds: 1,
  };
}

export class Staff extends Client {
  /** Publishes programs and a release naming them. */
  async publish(
    release: Omit<Release, 'programs'>,
    programs: Readonly<Record<string, Buffer>>,
  ): Promise<void> {
    const blobs: Record<string, { sha256: string; bytes: number }> = {};
    for (const [platform, bytes] of Object.entries(programs)) {
      const hash = sha256(bytes);
      const reply = await this.send('PUT', `/staff/objects/${hash}`, bytes);
      if (reply.status !== 200) throw new Error(`object: ${reply.status} ${reply.bytes.toString('utf8')}`);
      blobs[platform] = { sha256: hash, bytes: bytes.length };
    }
    const reply = await this.send('PUT', '/staff/releases', { ...release, programs: blobs });
    if (reply.status !== 200) throw new Error(`release: ${reply.status} ${reply.bytes.toString('utf8')}`);
  }

  async push(spec: Partial<CampaignSpec>): Promise<void> {
    const reply = await this.send('POST', '/staff/campaigns', JSON.stringify(spec));
    if (reply.status > 201) throw new Error(`campaign: ${reply.status} ${reply.bytes.toString('utf8')}`);
  }

  campaign(name: string): Promise<CampaignDetail> {
    return this.ask(CampaignDetail, 'GET', `/campaigns/${name}`);
  }

  async results(query = ''): Promise<StaffResult[]> {
    const results: StaffResult[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const before: string = next === '' ? '' : `&before=${next}`;
      const page: StaffResults = await this.ask(
        StaffResults,
        'GET',
        `/staff/results?limit=1000${query}${before}`,
      );
      results.push(...page.results);
      next = page.next;
    }
    return results;
  }

  async units(query = ''): Promise<StaffUnit[]> {
    return (await this.ask(StaffUnits, 'GET', `/staff/units?limit=1000${query}`)).units;
  }
}
