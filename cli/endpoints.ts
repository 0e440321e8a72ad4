import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { engineFiles } from '../engine/filenames.ts';
import { isAlive } from '../platform/processes.ts';
import { EngineEndpoint, EngineState } from '../protocol/engine-api.ts';
import { ServerEndpoint } from '../protocol/staff-api.ts';
import { type Api, ask } from './api.ts';
import type { Input } from './command.ts';
import { CliError, EXIT, NotRunningError, UsageError } from './errors.ts';
import { dataFolder } from './folders.ts';

const START = 'the engine is not running; start it with "beamtime start"';

/** The running engine of this user; its endpoint file says where. @throws NotRunningError */
export async function findEngine(input: Input): Promise<Api & { endpoint: EngineEndpoint }> {
  const folder = dataFolder('engine', input.text('data'), input.env);
  const endpoint = await readEndpoint(engineFiles(folder).endpoint, EngineEndpoint);
  if (!endpoint || !isAlive(endpoint.pid)) throw new NotRunningError(START);
  return { who: 'the engine', url: endpoint.url, token: endpoint.token, remedy: START, endpoint };
}

/** The same, or null where none runs. */
export async function findEngineIfRunning(
  input: Input,
): Promise<(Api & { endpoint: EngineEndpoint }) | null> {
  try {
    return await findEngine(input);
  } catch (error) {
    if (error instanceof NotRunningError) return null;
    throw error;
  }
}

const SERVER = 'start one with "beamtime server", or name one with --url';

/** How staff name a project server; findStaffServer reads them. */
export const STAFF_SERVER_OPTIONS = {
  url: { value: 'URL', help: 'a project server elsewhere (default: the one running on this computer)' },
  token: {
    value: 'TOKEN',
    help: 'its staff token; better in BEAMTIME_STAFF_TOKEN, which others cannot see',
  },
} as const;

/** The project server that staff mean: --url and --token, else the one on this machine. @throws NotRunningError, UsageError */
export async function findStaffServer(input: Input): Promise<Api & { token: string }> {
  const url = input.text('url');
  const token = input.text('token') ?? input.env.BEAMTIME_STAFF_TOKEN;
  if (url !== undefined) {
    if (!token)
      throw new UsageError('--url needs the staff token too: --token TOKEN, or BEAMTIME_STAFF_TOKEN');
    return { who: 'the project server', url: address(url), token, remedy: 'check the address and the token' };
  }
  const endpoint = await localServer(input);
  if (!endpoint) throw new NotRunningError(`no project server runs on this computer; ${SERVER}`);
  return {
    who: 'the project server',
    url: endpoint.url,
    token: token ?? endpoint.staffToken,
    remedy: SERVER,
  };
}

/** A project anybody may read: --url, else the server on this machine, else the one the engine has joined. */
export async function findProject(input: Input): Promise<Api> {
  const url = input.text('url');
  if (url !== undefined) return { who: 'the project server', url: address(url), remedy: 'check the address' };
  const local = await localServer(input);
  if (local) return { who: 'the project server', url: local.url, remedy: SERVER };
  // --data names the server's folder in these commands; the engine is looked for in its usual place.
  const engine = await findEngineIfRunning({ ...input, text: () => undefined });
  const state = engine && (await ask(engine, { path: '/state', schema: EngineState }));
  const joined = state?.projects.find(({ leaving }) => !leaving);
  if (joined) return { who: `the project "${joined.name}"`, url: joined.url, remedy: 'try again later' };
  throw new NotRunningError(
    `no project to ask: none runs on this computer and no engine has joined one; ${SERVER}`,
  );
}

async function localServer(input: Input): Promise<ServerEndpoint | null> {
  const folder = dataFolder('project', input.text('data'), input.env);
  const endpoint = await readEndpoint(join(folder, 'endpoint.json'), ServerEndpoint);
  return endpoint && isAlive(endpoint.pid) ? endpoint : null;
}

/** null where there is no such file. */
export async function readEndpoint<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return null;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(EXIT.failed, `cannot read ${path}: ${why}; is it another user’s?`, { cause });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CliError(EXIT.failed, `${path} is damaged; remove it and start again`, { cause });
  }
}

function address(text: string): string {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageError(`"${text}" is not an address; write it as http://host:port`);
  return url.origin + url.pathname.replace(/\/+$/, '');
}

export function pageOf(endpoint: EngineEndpoint): string {
  return `${endpoint.url}/#token=${endpoint.token}`;
}
