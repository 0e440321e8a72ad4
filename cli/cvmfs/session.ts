import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../../cvmfs/format/errors.ts';
import {
  CacheFault,
  NoServer,
  NoSuchTag,
  ObjectCache,
  PathError,
  type Pin,
  ProxiesInvalid,
  parseBlacklist,
  parseMasterKeys,
  parseProxies,
  Refusal,
  Repository,
  type RepositoryOptions,
} from '../../cvmfs/read/index.ts';
import { writeFileAtomic } from '../../platform/files.ts';
import { ReadProfile } from '../../protocol/read-profile.ts';
import type { Input, OptionSpec } from '../command.ts';
import { CliError, EXIT, NotRunningError, RefusedError, UsageError } from '../errors.ts';
import { dataFolder } from '../folders.ts';
import { clean } from '../terminal.ts';
import { parseWhole } from '../words.ts';

export const PROXY_OPTION: OptionSpec = {
  value: 'LIST',
  help: 'proxies, "|" between those that are alike and ";" before the next choice, DIRECT for none (default: CVMFS_HTTP_PROXY, else DIRECT)',
};

export const SESSION_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  server: {
    value: 'URL,...',
    help: 'servers, best first, "@fqrn@" standing for the repository’s name (default: none, only what is cached)',
  },
  proxy: PROXY_OPTION,
  key: { value: 'FILE', help: 'the master key of its owner, a public key in PEM (needed)' },
  cache: { value: 'FOLDER', help: 'where what was read is kept (default: in the engine’s data)' },
  quota: { value: 'MB', help: 'most that the cache may hold (default: 4000)' },
  blacklist: { value: 'FILE', help: 'fingerprints and revisions that are never accepted' },
  tag: { value: 'NAME', help: 'the revision of this name instead of the newest' },
  record: { value: 'FILE', help: 'notes there what is read, in its order' },
  profile: { value: 'FILE', help: 'loads ahead what --record noted in an earlier run' },
  root: { value: 'HASH', help: 'the revision with this root catalog, whatever servers say' },
};

/** What statuses of commands that read mean. */
export const READER_EXITS: Readonly<Record<number, string>> = {
  3: 'no server gave what was asked for, and it is not cached',
  4: 'what servers gave is not to be believed; the message says why',
};

/** A path "/cvmfs/NAME/…" and its repository, open. */
export interface Session {
  readonly repository: Repository;
  /** Below the repository, as a byte string. */
  readonly path: string;
  /** As the person wrote it, or would. */
  show(path: string): string;
}

const DEFAULT_QUOTA_MB = '4000';

/** Opens the repository of a path for as long as `use` runs; what the reader refuses becomes words. */
export async function withRepository(
  input: Input,
  written: string,
  use: (session: Session) => Promise<number>,
): Promise<number> {
  const match = /^\/cvmfs\/([^/]+)(\/.*)?$/.exec(written.replaceAll(/\/+/g, '/').replace(/\/$/, ''));
  if (!match) throw new UsageError(`"${written}" is no path of the form /cvmfs/NAME/...`);
  const [, name = '', below = ''] = match;
  try {
    const repository = await open(input, name);
    const stop = () => void repository.close();
    input.stopping.addEventListener('abort', stop, { once: true });
    try {
      if (repository.problem)
        input.terminal.note(`reading what is cached: ${clean(repository.problem.message)}`);
      const show = (path: string) => clean(`/cvmfs/${name}${Buffer.from(path, 'latin1').toString('utf8')}`);
      const status = await use({ repository, path: Buffer.from(below, 'utf8').toString('latin1'), show });
      const record = input.text('record');
      if (record !== undefined)
        await writeFileAtomic(record, `${JSON.stringify(repository.recorded())}\n`, 0o644).catch(
          noRecord(record),
        );
      return status;
    } finally {
      input.stopping.removeEventListener('abort', stop);
      await repository.close();
    }
  } catch (error) {
    throw inWords(error);
  }
}

async function open(input: Input, name: string): Promise<Repository> {
  const keyFile = input.text('key');
  if (keyFile === undefined)
    throw new UsageError('--key FILE says whom to believe; "beamtime cvmfs --help" tells more');
  const masterKeys = parseMasterKeys(await readText('key', keyFile));
  if (masterKeys.length === 0) throw new UsageError(`${keyFile} holds no public key in PEM`);
  const blacklist = input.text('blacklist');
  const pin = pinOf(input);
  const folder = input.text('cache') ?? join(dataFolder('engine', undefined, input.env), 'software');
  const quotaMb = parseWhole('quota', input.text('quota') ?? DEFAULT_QUOTA_MB, 1, 100_000_000);
  const profile = await profileOf(input, name);
  const servers = (input.text('server') ?? '').split(',').filter((url) => url !== '');
  return Repository.open({
    repository: name,
    masterKeys,
    servers: servers.map((url) => serverUrl(url, name)),
    cache: await ObjectCache.open(folder, quotaMb * 1e6),
    stateFolder: folder,
    environment: input.env,
    ...proxiesOf(input),
    ...(profile ? { profile } : {}),
    record: input.text('record') !== undefined,
    readAhead: true,
    ...(pin ? { pin } : {}),
    ...(blacklist === undefined ? {} : { blacklist: parseBlacklist(await readText('blacklist', blacklist)) }),
  });
}

function pinOf(input: Input): Pin | undefined {
  const tag = input.text('tag');
  const rootCatalog = input.text('root');
  if (tag !== undefined && rootCatalog !== undefined)
    throw new UsageError('--tag and --root are two answers to one question');
  if (tag !== undefined) return { tag };
  return rootCatalog === undefined ? undefined : { rootCatalog };
}

/** @throws UsageError */
export function proxiesOf(input: Input): Pick<RepositoryOptions, 'serverOptions'> {
  const text = input.text('proxy') ?? input.env.CVMFS_HTTP_PROXY;
  if (text === undefined || text === '') return {};
  try {
    return { serverOptions: { proxies: parseProxies(text) } };
  } catch (error) {
    throw error instanceof ProxiesInvalid ? new UsageError(error.message, { cause: error }) : error;
  }
}

async function profileOf(input: Input, name: string): Promise<ReadProfile | undefined> {
  const file = input.text('profile');
  if (file === undefined) return undefined;
  const read = ReadProfile.safeParse(parseJson(await readText('profile', file)));
  if (!read.success) throw new UsageError(`${file} is no profile that --record wrote`, { cause: read.error });
  if (read.data.repository !== name)
    throw new UsageError(`${file} is a profile of ${clean(read.data.repository)}, not of ${name}`);
  return read.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function noRecord(file: string) {
  return (cause: Error) => {
    throw new CliError(EXIT.failed, `--record: ${file} cannot be written: ${cause.message}`, { cause });
  };
}

function serverUrl(text: string, name: string): string {
  const url = text.replaceAll('@fqrn@', name);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`"${text}" is no http address`);
  return url;
}

async function readText(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`--${option}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

const PATH_PROBLEMS: Readonly<Record<PathError['errno'], string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'it is no folder',
  EISDIR: 'it is a folder',
  EINVAL: 'it is neither a file nor a folder',
  EOPNOTSUPP: 'its content is kept elsewhere, which is not supported',
};

function inWords(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const message = clean(error.message);
  if (error instanceof PathError) {
    const path = message.slice(error.errno.length + 2);
    return new CliError(EXIT.failed, `${path}: ${PATH_PROBLEMS[error.errno]}`, { cause: error });
  }
  if (error instanceof NoServer) return new NotRunningError(message, { cause: error });
  if (error instanceof CacheFault) return new CliError(EXIT.failed, message, { cause: error });
  const refused = error instanceof Refusal || error instanceof FormatError || error instanceof NoSuchTag;
  return refused ? new RefusedError(message, { cause: error }) : error;
}
