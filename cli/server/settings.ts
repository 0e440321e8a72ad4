import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { InstituteSettings } from '../../server/accounts/institute.ts';
import {
  SETTINGS,
  ServerConfig,
  SettingInvalid,
  type SettingName,
  settingsOfEnvironment,
  settingsOfTexts,
  VARIABLES,
} from '../../server/config.ts';
import type { BucketSettings } from '../../server/objects/open-bucket.ts';
import type { PostgresqlOptions } from '../../server/store/postgresql.ts';
import type { Input } from '../command.ts';
import { RefusedError, UsageError } from '../errors.ts';
import { dataFolder } from '../folders.ts';
import { readAs } from '../push/documents.ts';
import { readText } from '../push/text.ts';

type Sometimes =
  | 'port'
  | 'publicUrl'
  | 'database'
  | 'databasePasswordFile'
  | 'objects'
  | 'objectsRegion'
  | 'objectsAccessKey'
  | 'objectsSecretFile'
  | 'oidcIssuer'
  | 'oidcClientId'
  | 'oidcClientSecretFile'
  | 'oidcName'
  | 'oidcStaff';
type Always = Omit<ServerConfig, Sometimes>;

/** All settings of a project server, and of each where it was said. */
export interface Settings {
  readonly values: { readonly [K in keyof Always]-?: NonNullable<Always[K]> } & Pick<ServerConfig, Sometimes>;
  readonly from: Readonly<Record<SettingName, string>>;
}

const OPTIONS = {
  name: 'name',
  data: 'data',
  host: 'host',
  port: 'port',
  publicUrl: 'public-url',
  database: 'database',
  objects: 'objects',
} as const;

/** As `logFile`: where systemd and containers take the log. */
export const STANDARD_ERROR = '-';

interface Source {
  readonly values: ServerConfig;
  where(name: SettingName): string;
}

/**
 * Options go over variables, these over the file, that over what is usual.
 * @throws RefusedError as FILE:LINE: PATH: MESSAGE, UsageError
 */
export async function serverSettings(input: Input): Promise<Settings> {
  const given: Source[] = [ofOptions(input), ofEnvironment(input)];
  const file = input.text('config');
  if (file !== undefined) given.push(await ofFile(file));
  const said: ServerConfig = {};
  for (const { values } of given.toReversed()) Object.assign(said, values);
  const data = said.data ?? dataFolder('project', undefined, input.env);
  return {
    values: {
      ...said,
      name: said.name ?? 'Beamtime project',
      data,
      host: said.host ?? '127.0.0.1',
      trustedProxies: said.trustedProxies ?? [],
      logLevel: said.logLevel ?? 'info',
      logFile: said.logFile ?? join(data, 'server.log'),
    },
    from: Object.fromEntries(SETTINGS.map((name) => [name, whereSaid(name, given)])) as Settings['from'],
  };
}

function whereSaid(name: SettingName, given: readonly Source[]): string {
  return given.find(({ values }) => values[name] !== undefined)?.where(name) ?? 'default';
}

function ofOptions(input: Input): Source {
  const texts = Object.fromEntries(
    Object.entries(OPTIONS).map(([name, option]) => [name, input.text(option)]),
  );
  const called = (name: SettingName) => `--${name in OPTIONS ? OPTIONS[name as keyof typeof OPTIONS] : name}`;
  try {
    const values = settingsOfTexts(texts, called);
    return { values: absolute(values, process.cwd()), where: called };
  } catch (error) {
    if (error instanceof SettingInvalid) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function ofEnvironment(input: Input): Source {
  try {
    return {
      values: absolute(settingsOfEnvironment(input.env), process.cwd()),
      where: (name) => VARIABLES[name],
    };
  } catch (error) {
    if (error instanceof SettingInvalid) throw new RefusedError(error.message, { cause: error });
    throw error;
  }
}

async function ofFile(file: string): Promise<Source> {
  const content = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    throw new RefusedError(`${file}: ${why}`, { cause });
  });
  const text = readText(file, content);
  // An empty file, or one of comments alone, is no document of keys and values.
  const values = readAs({ ...text, value: text.value ?? {} }, ServerConfig);
  return { values: absolute(values, dirname(resolve(file))), where: (name) => text.at([name]) };
}

/** Paths in a file are beside it. */
function absolute(values: ServerConfig, base: string): ServerConfig {
  return {
    ...values,
    ...(values.data === undefined ? {} : { data: resolve(base, values.data) }),
    ...(values.logFile === undefined || values.logFile === STANDARD_ERROR
      ? {}
      : { logFile: resolve(base, values.logFile) }),
    ...(values.databasePasswordFile === undefined
      ? {}
      : { databasePasswordFile: resolve(base, values.databasePasswordFile) }),
    ...(values.objectsSecretFile === undefined
      ? {}
      : { objectsSecretFile: resolve(base, values.objectsSecretFile) }),
    ...(values.oidcClientSecretFile === undefined
      ? {}
      : { oidcClientSecretFile: resolve(base, values.oidcClientSecretFile) }),
  };
}

/**
 * The PostgreSQL database of the settings; undefined: the store is embedded.
 * @throws RefusedError where the password can not be read
 */
export async function databaseOf({ values }: Settings): Promise<PostgresqlOptions | undefined> {
  const { database: url, databasePasswordFile: file } = values;
  if (url === undefined) return undefined;
  if (file === undefined) return { url };
  const password = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new RefusedError(`${file}, the password of the database: ${cause.message}`, { cause });
  });
  return { url, password: password.trimEnd() };
}

/**
 * The bucket of the settings, its keys from the settings or as the tools of Amazon find them; undefined: objects are in the
 * folder.
 * @throws RefusedError where a key is missing, or can not be read
 */
export async function bucketOf(
  { values, from }: Settings,
  env: Readonly<Record<string, string | undefined>>,
): Promise<BucketSettings | undefined> {
  const { objects: url, objectsAccessKey: named, objectsSecretFile: file } = values;
  if (url === undefined) return undefined;
  const secret =
    file === undefined
      ? env.AWS_SECRET_ACCESS_KEY
      : await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
          throw new RefusedError(`${file}, the secret of the bucket: ${cause.message}`, { cause });
        });
  const accessKeyId = named ?? env.AWS_ACCESS_KEY_ID;
  if (!accessKeyId || !secret) {
    throw new RefusedError(
      `${from.objects}: a bucket wants objectsAccessKey and objectsSecretFile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment`,
    );
  }
  const region = values.objectsRegion ?? env.AWS_REGION ?? 'us-east-1';
  const session = file === undefined && env.AWS_SESSION_TOKEN ? { sessionToken: env.AWS_SESSION_TOKEN } : {};
  return { url, credentials: { accessKeyId, secretAccessKey: secret.trimEnd(), region, ...session } };
}

/**
 * Where people may sign in with an account they have there; undefined: nowhere.
 * @throws RefusedError where half of it is said, or the secret can not be read
 */
export async function instituteOf(
  { values, from }: Settings,
  env: Readonly<Record<string, string | undefined>>,
): Promise<InstituteSettings | undefined> {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecretFile: file, oidcStaff } = values;
  if (issuer === undefined) return undefined;
  if (clientId === undefined)
    throw new RefusedError(
      `${from.oidcIssuer}: an oidcIssuer wants an oidcClientId, as the institute has registered it`,
    );
  const secret =
    file === undefined
      ? env.BEAMTIME_OIDC_CLIENT_SECRET
      : await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
          throw new RefusedError(`${file}, the secret of the OpenID Connect client: ${cause.message}`, {
            cause,
          });
        });
  const [claim = '', ...value] = (oidcStaff ?? '').split('=');
  return {
    ...{ issuer, clientId, clientSecret: secret?.trimEnd() ?? null },
    name: values.oidcName ?? new URL(issuer).hostname,
    staff: oidcStaff === undefined ? null : { claim, value: value.join('=') },
  };
}

/** The settings as a configuration file (JSON values are YAML's too), each with where it was said. */
export function showSettings({ values, from }: Settings): string {
  return SETTINGS.map((name) =>
    values[name] === undefined
      ? `# ${name}: not set\n`
      : `${name}: ${JSON.stringify(values[name])} # ${from[name]}\n`,
  ).join('');
}
