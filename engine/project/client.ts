import { z } from 'zod';
import { anySignal } from '../../platform/signals.ts';
import { CampaignDetail } from '../../protocol/campaign.ts';
import { InvitedTo } from '../../protocol/invitation.ts';
import { HostBelongs, HostOwner } from '../../protocol/people-api.ts';
import {
  API_PREFIX,
  ApiError,
  CampaignList,
  HostIdentity,
  type HostRegistration,
  HostStanding,
  LeaseReply,
  type LeaseRequest,
  ProjectInfo,
  type ResultReport,
  ResultVerdict,
  UploadState,
} from '../../protocol/project-api.ts';
import { Signed } from '../../protocol/release.ts';
import type { Clock } from '../clock.ts';
import { ProjectBadAnswer, ProjectRefused, ProjectUnreachable } from './errors.ts';
import type { Throttle } from './throttle.ts';
import { type Answer, httpTransport, type Transport } from './transport.ts';

export interface ProjectClientOptions {
  /** As an Invitation's. */
  readonly url: string;
  /** Host token; null before registration. */
  readonly token: string | null;
  readonly clock: Clock;
  /** By default over the network. */
  readonly transport?: Transport;
  /** For a whole small answer, and between two chunks of a long one. */
  readonly timeoutMs?: number;
  /** Shared by all clients; absent: no limit. */
  readonly throttle?: Throttle;
}

export type UploadAnswer =
  | { readonly state: 'taken'; readonly upload: UploadState }
  /** The server has another number of bytes: go on from there. */
  | { readonly state: 'elsewhere'; readonly upload: UploadState }
  /** The whole does not have its hash: what was sent is not the file. */
  | { readonly state: 'corrupt'; readonly message: string };

const TIMEOUT_MS = 30_000;
/** Small answers are JSON of leases or verdicts; anything longer is not our server. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const VERDICTS = z.object({ verdicts: z.array(ResultVerdict) });

interface RequestOptions {
  readonly method?: string;
  readonly json?: unknown;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
  /** Statuses below 500 that the caller reads itself. */
  readonly expect?: readonly number[];
}

/**
 * One project's API over HTTP. Every answer is parsed by its schema; every failure is a ProjectError.
 * It keeps no state but the server's clock, and does not try again: that is its callers' policy.
 */
export class ProjectClient {
  readonly url: string;
  #token: string | null;
  #clock: Clock;
  #transport: Transport;
  #timeoutMs: number;
  #throttle: Throttle | null;
  #serverClock: { readonly wallMs: number; readonly atMonotonicMs: number } | null = null;

  constructor(options: ProjectClientOptions) {
    this.url = options.url;
    this.#token = options.token;
    this.#clock = options.clock;
    this.#transport = options.transport ?? httpTransport();
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#throttle = options.throttle ?? null;
  }

  /**
   * The server's wall clock, by its last answer's Date and our monotonic time since: deadlines are the server's
   * moments, and ours may be set wrong or jump. Before the first answer it is ours.
   */
  serverNow(): number {
    const seen = this.#serverClock;
    return seen ? seen.wallMs + this.#clock.monotonic() - seen.atMonotonicMs : this.#clock.now();
  }

  /** How much of a file is best sent in one upload(). */
  pieceBytes(most: number): number {
    return this.#throttle?.pieceBytes(most) ?? most;
  }

  info(signal?: AbortSignal): Promise<ProjectInfo> {
    return this.#json('/project', ProjectInfo, { signal });
  }

  /** What anybody may read. */
  campaigns(signal?: AbortSignal): Promise<CampaignList> {
    return this.#json('/campaigns', CampaignList, { signal });
  }

  /** @param name or id */
  campaign(name: string, signal?: AbortSignal): Promise<CampaignDetail> {
    return this.#json(`/campaigns/${encodeURIComponent(name)}`, CampaignDetail, { signal });
  }

  register(registration: HostRegistration, signal?: AbortSignal): Promise<HostIdentity> {
    return this.#json('/hosts', HostIdentity, { method: 'POST', json: registration, signal });
  }

  standing(signal?: AbortSignal): Promise<HostStanding> {
    return this.#json('/hosts/me', HostStanding, { signal });
  }

  /** What joining by an invitation with limits means. */
  invitedTo(code: string, signal?: AbortSignal): Promise<InvitedTo> {
    return this.#json(`/invitations/${code}`, InvitedTo, { signal });
  }

  /** @param code that a person was shown on their account's page */
  attach(code: string, signal?: AbortSignal): Promise<HostOwner> {
    return this.#json('/hosts/me/attach', HostOwner, { method: 'POST', json: { code }, signal });
  }

  owner(signal?: AbortSignal): Promise<HostBelongs> {
    return this.#json('/hosts/me/owner', HostBelongs, { signal });
  }

  async detach(signal?: AbortSignal): Promise<void> {
    await dismiss(await this.#request('/hosts/me/owner', { method: 'DELETE', signal }));
  }

  release(application: string, version: string, signal?: AbortSignal): Promise<Signed> {
    return this.#json(`/releases/${application}/${version}`, Signed, { signal });
  }

  /** null where the project has none. */
  async appliance(signal?: AbortSignal): Promise<Signed | null> {
    try {
      return await this.#json('/appliance', Signed, { signal });
    } catch (error) {
      if (error instanceof ProjectRefused && error.status === 404) return null;
      throw error;
    }
  }

  leases(request: LeaseRequest, signal?: AbortSignal): Promise<LeaseReply> {
    return this.#json('/leases', LeaseReply, { method: 'POST', json: request, signal });
  }

  async giveBack(leases: readonly string[], signal?: AbortSignal): Promise<void> {
    const answer = await this.#request('/leases/release', { method: 'POST', json: { leases }, signal });
    await dismiss(answer);
  }

  uploadState(sha256: string, signal?: AbortSignal): Promise<UploadState> {
    return this.#json(`/uploads/${sha256}`, UploadState, { signal });
  }

  /** @param total bytes of the whole file */
  async upload(
    sha256: string,
    offset: number,
    total: number,
    bytes: Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
  ): Promise<UploadAnswer> {
    const answer = await this.#request(`/uploads/${sha256}`, {
      method: 'PATCH',
      bytes,
      headers: {
        'content-type': 'application/octet-stream',
        'upload-offset': String(offset),
        'upload-length': String(total),
      },
      signal,
      expect: [409, 422],
    });
    if (answer.status === 422) return { state: 'corrupt', message: await refusalMessage(answer) };
    const upload = await parseAnswer(answer, UploadState);
    return { state: answer.status === 409 ? 'elsewhere' : 'taken', upload };
  }

  report(result: ResultReport, signal?: AbortSignal): Promise<ResultVerdict> {
    return this.#json('/results', ResultVerdict, { method: 'POST', json: result, signal });
  }

  async verdicts(leases: readonly string[], signal?: AbortSignal): Promise<ResultVerdict[]> {
    const answer = await this.#json('/verdicts', VERDICTS, { method: 'POST', json: { leases }, signal });
    return answer.verdicts;
  }

  /**
   * Bytes of an object from `from` on; the server may send all of it instead (`from` in the answer says).
   * The stream ends with ProjectUnreachable when nothing comes for the time limit.
   */
  async object(
    sha256: string,
    from: number,
    signal: AbortSignal,
  ): Promise<{ from: number; chunks: AsyncIterable<Uint8Array> }> {
    const over = new AbortController();
    const answer = await this.#request(`/objects/${sha256}`, {
      headers: from > 0 ? { range: `bytes=${from}-` } : {},
      signal: anySignal(signal, over.signal),
      expect: [416],
    });
    if (answer.status === 416) {
      await dismiss(answer);
      return { from: 0, chunks: noChunks() };
    }
    const resumed = answer.status === 206 && rangeStart(answer) === from;
    if (answer.status === 206 && !resumed)
      throw new ProjectBadAnswer(`${this.url} sent another range than asked`);
    return { from: resumed ? from : 0, chunks: this.#chunks(answer, signal, over) };
  }

  /** @param over aborts the request, so that a connection which hangs in the midst of its answer is let go */
  async *#chunks(answer: Answer, signal: AbortSignal, over: AbortController): AsyncIterable<Uint8Array> {
    const parts = answer.body?.[Symbol.asyncIterator]();
    if (!parts) return;
    try {
      for (;;) {
        const part = await this.#withinTime(parts.next());
        if (part.done) return;
        yield part.value;
        await this.#throttle?.take(part.value.length, signal);
      }
    } catch (cause) {
      throw this.#unreachable(cause);
    } finally {
      over.abort();
    }
  }

  async #withinTime<T>(promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`nothing came for ${this.#timeoutMs} ms`)), this.#timeoutMs);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #json<T>(path: string, schema: z.ZodType<T>, options: RequestOptions): Promise<T> {
    const over = new AbortController();
    const signal = anySignal(options.signal, over.signal);
    const answer = await this.#request(path, { ...options, signal });
    try {
      return await this.#withinTime(parseAnswer(answer, schema));
    } catch (error) {
      over.abort(); // the rest of it, where more would come
      if (error instanceof ProjectBadAnswer) throw error;
      throw this.#unreachable(error);
    }
  }

  async #request(path: string, options: RequestOptions): Promise<Answer> {
    const headers: Record<string, string> = { ...options.headers };
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    if (options.json !== undefined) headers['content-type'] = 'application/json';
    const body = options.json === undefined ? options.bytes : JSON.stringify(options.json);
    if (body !== undefined) await this.#throttle?.take(body.length, options.signal);
    const limit = new AbortController();
    const timer = setTimeout(
      () => limit.abort(new Error(`no answer within ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    );
    let answer: Answer;
    try {
      answer = await this.#transport(`${this.url}${API_PREFIX}${path}`, {
        method: options.method ?? 'GET',
        headers,
        signal: anySignal(options.signal, limit.signal),
        ...(body === undefined ? {} : { body }),
      });
    } catch (cause) {
      throw this.#unreachable(cause);
    } finally {
      clearTimeout(timer);
    }
    this.#noteDate(answer.headers.get('date'));
    const isOk = answer.status >= 200 && answer.status < 300;
    if (isOk || options.expect?.includes(answer.status)) return answer;
    throw await this.#refusal(answer);
  }

  /** The Date header has whole seconds; half a second added halves the mean error. */
  #noteDate(date: string | null): void {
    const server = date === null ? Number.NaN : Date.parse(date);
    if (Number.isFinite(server)) {
      this.#serverClock = { wallMs: server + 500, atMonotonicMs: this.#clock.monotonic() };
    }
  }

  #unreachable(cause: unknown): ProjectUnreachable {
    if (cause instanceof ProjectUnreachable) return cause;
    return new ProjectUnreachable(
      `${this.url} cannot be reached (${innermostMessage(cause)}); the engine goes on trying`,
      null,
      { cause },
    );
  }

  async #refusal(answer: Answer): Promise<Error> {
    const parsed = await readError(answer);
    const message = parsed?.error.message ?? `HTTP ${answer.status} ${answer.statusText}`.trim();
    if (answer.status >= 500 || answer.status === 429 || answer.status === 408) {
      const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN);
      return new ProjectUnreachable(
        `${this.url} cannot serve us just now: ${message}`,
        Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 86_400) : null,
      );
    }
    if (!parsed)
      return new ProjectBadAnswer(`${this.url} answered "${message}", which is not from a Beamtime project`);
    return new ProjectRefused(answer.status, parsed.error.code, message, parsed.error.place);
  }
}

async function parseAnswer<T>(answer: Answer, schema: z.ZodType<T>): Promise<T> {
  const text = await boundedText(answer);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ProjectBadAnswer(
      'the project did not answer in JSON; is there a log-in page between this machine and the project?',
      { cause },
    );
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new ProjectBadAnswer(
      `the project answered in a form this engine does not understand; a newer engine may be needed (${z.prettifyError(parsed.error)})`,
    );
  }
  return parsed.data;
}

async function boundedText(answer: Answer): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    bytes += part.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw new ProjectBadAnswer(`the project answered with more than ${MAX_ANSWER_BYTES} bytes`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** Reads an answer whose content nobody wants to its end, so that its connection serves the next request. */
async function dismiss(answer: Answer): Promise<void> {
  await boundedText(answer);
}

async function readError(answer: Answer): Promise<ApiError | null> {
  try {
    return ApiError.parse(JSON.parse(await boundedText(answer)));
  } catch {
    return null; // an error page of something else; the status alone is told
  }
}

async function refusalMessage(answer: Answer): Promise<string> {
  return (await readError(answer))?.error.message ?? `HTTP ${answer.status}`;
}

function rangeStart(answer: Answer): number {
  return Number(/^bytes (\d+)-/.exec(answer.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
}

async function* noChunks(): AsyncIterable<Uint8Array> {}

/** The reason may be wrapped: a transport's, an AggregateError of several addresses. */
function innermostMessage(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return innermostMessage(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? innermostMessage(error.cause) : error.message || error.name;
}
