import { z } from 'zod';
import {
  CampaignShare,
  DoctorCheck,
  HistoryDay,
  type HostAttach,
  JoinPreview,
  type LeaveRequest,
  LogLine,
  type LogQuery,
  ProjectView,
  type ShareQuery,
  UnitsPage,
  type UnitsQuery,
} from '../../../protocol/engine-api.ts';
import { HostBelongs, HostOwner } from '../../../protocol/people-api.ts';
import { Preferences } from '../../../protocol/preferences.ts';
import { API_PREFIX, ApiError } from '../../../protocol/project-api.ts';
import { EngineUnreachable, ProtocolMismatch, RequestRefused, TokenRefused } from './errors.ts';

/** What the pages ask of the engine. Each rejects with one of the classes in errors.ts. */
export interface EngineClient {
  /** @param forSeconds null: until resumed */
  pause(forSeconds: number | null): Promise<void>;
  resume(): Promise<void>;
  /** "Try now": whatever waits for a project asks again. */
  retry(): Promise<void>;
  setPreferences(preferences: Preferences): Promise<Preferences>;
  previewJoin(invitation: string): Promise<JoinPreview>;
  join(invitation: string): Promise<ProjectView>;
  leave(request: LeaveRequest): Promise<void>;
  /** Whose this computer is at a project, by its key. */
  owner(project: string): Promise<HostBelongs>;
  attach(request: HostAttach): Promise<HostOwner>;
  detach(project: string): Promise<void>;
  setShares(shares: Record<string, number>): Promise<void>;
  doctor(): Promise<DoctorCheck[]>;
  remedy(name: string): Promise<DoctorCheck>;
  report(): Promise<string>;
  history(days: number): Promise<HistoryDay[]>;
  units(query: Partial<UnitsQuery>): Promise<UnitsPage>;
  share(query: ShareQuery): Promise<CampaignShare[]>;
  log(query: Partial<LogQuery>): Promise<LogLine[]>;
  console(unitId: string): Promise<string>;
  /** The open stream of server-sent events. */
  events(signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** @param origin where the engine answers, without a final slash */
export function makeEngineClient(origin: string, token: string): EngineClient {
  async function request(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init: RequestInit = { method, headers, cache: 'no-store', credentials: 'omit' };
    if (body !== undefined) init.body = JSON.stringify(body);
    if (signal) init.signal = signal;
    const response = await fetch(`${origin}${API_PREFIX}${path}`, init).catch((error: unknown) => {
      throw new EngineUnreachable(error);
    });
    if (response.ok) return response;
    if (response.status === 401) throw new TokenRefused();
    throw new RequestRefused(response.status, await messageOf(response));
  }
  async function ask<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    const response = await request(method, path, body);
    const json: unknown = await response.json().catch((error: unknown) => {
      throw new ProtocolMismatch(error);
    });
    return parse(schema, json);
  }
  const tell = async (method: string, path: string, body: unknown = {}): Promise<void> => {
    await request(method, path, body);
  };

  return {
    pause: (forSeconds) => tell('POST', '/pause', { forSeconds }),
    resume: () => tell('POST', '/resume'),
    retry: () => tell('POST', '/work/retry'),
    setPreferences: (preferences) => ask(Preferences, 'PUT', '/preferences', preferences),
    previewJoin: (invitation) => ask(JoinPreview, 'POST', '/join/preview', { invitation }),
    join: (invitation) => ask(ProjectView, 'POST', '/join', { invitation }),
    leave: (leave) => tell('POST', '/leave', leave),
    owner: (project) => ask(HostBelongs, 'GET', `/owner${search({ project })}`),
    attach: (request) => ask(HostOwner, 'POST', '/attach', request),
    detach: (project) => tell('POST', '/detach', { project }),
    setShares: (shares) => tell('PUT', '/shares', { shares }),
    doctor: async () => (await ask(z.object({ checks: z.array(DoctorCheck) }), 'GET', '/doctor')).checks,
    remedy: async (name) =>
      (await ask(z.object({ check: DoctorCheck }), 'POST', `/doctor/${encodeURIComponent(name)}/remedy`, {}))
        .check,
    report: async () => (await request('GET', '/report')).text(),
    history: async (days) =>
      (await ask(z.object({ days: z.array(HistoryDay) }), 'GET', `/history?days=${days}`)).days,
    units: (query) => ask(UnitsPage, 'GET', `/units${search(query)}`),
    share: async (query) =>
      (await ask(z.object({ points: z.array(CampaignShare) }), 'GET', `/share${search(query)}`)).points,
    log: async (query) =>
      (await ask(z.object({ lines: z.array(LogLine) }), 'GET', `/log${search(query)}`)).lines,
    console: async (unitId) => (await request('GET', `/console/${encodeURIComponent(unitId)}`)).text(),
    async events(signal) {
      const { body } = await request('GET', '/events', undefined, signal);
      if (!body) throw new ProtocolMismatch('the event stream has no body');
      return body;
    },
  };
}

function search(query: Readonly<Record<string, string | number | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  return `?${parameters}`;
}

/** @throws {ProtocolMismatch} */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new ProtocolMismatch(parsed.error);
  return parsed.data;
}

async function messageOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  const parsed = ApiError.safeParse(body);
  return parsed.success ? parsed.data.error.message : `The engine answered ${response.status}.`;
}
