import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { parseS3Address } from '../platform/s3.ts';
import { isLoopback } from './network.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** A reverse proxy's address or block of addresses: "127.0.0.1", "10.0.0.0/8", "fd00::/8". */
const Addresses = z
  .string()
  .refine(
    (text) => addressBlock(text) !== null,
    'is no address and no block of addresses such as 10.0.0.0/8',
  );

/** The configuration file of a project server: every key may be left out. docs/operations.md tells of each. */
export const ServerConfig = z.strictObject({
  name: z.string().min(1).max(80).optional(),
  data: z.string().min(1).optional(),
  database: z
    .url({ protocol: /^postgres(ql)?$/, hostname: /.*/ })
    .refine(
      (url) => URL.parse(url)?.password === '',
      'keeps no secret: say the password in databasePasswordFile',
    )
    .optional(),
  databasePasswordFile: z.string().min(1).optional(),
  /** A bucket of an S3-compatible store, for objects that come alone. */
  objects: z
    .string()
    .refine(
      (url) => parseS3Address(url) !== null,
      'is no bucket without keys; one is like https://s3.example.org/bucket/project',
    )
    .optional(),
  objectsRegion: z
    .string()
    .regex(/^[a-z0-9-]{1,60}$/, 'is no region such as eu-central-1')
    .optional(),
  objectsAccessKey: z.string().min(1).max(200).optional(),
  objectsSecretFile: z.string().min(1).optional(),
  host: z.string().min(1).max(255).optional(),
  port: z.number().int().min(0).max(65_535).optional(),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) => ['/', undefined].includes(URL.parse(url)?.pathname),
      'must end with the host or port: the API has its own paths',
    )
    .optional(),
  trustedProxies: z.array(Addresses).max(100).optional(),
  /** OpenID Connect: where people may sign in with an account of their institute. */
  oidcIssuer: z
    .url()
    .refine((url) => {
      const { protocol, hostname } = URL.parse(url) ?? { protocol: '', hostname: '' };
      return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
    }, 'must begin with https://')
    .optional(),
  oidcClientId: z.string().min(1).max(300).optional(),
  oidcClientSecretFile: z.string().min(1).optional(),
  oidcName: z.string().min(1).max(60).optional(),
  oidcStaff: z
    .string()
    .regex(/^[^=]+=.+$/, 'is no claim and value such as groups=beamtime-staff')
    .optional(),
  logLevel: z.enum(LEVELS).optional(),
  logFile: z.string().min(1).optional(),
});
export type ServerConfig = z.infer<typeof ServerConfig>;
export type SettingName = keyof ServerConfig;

/** Of every setting the variable that goes over the file's; BEAMTIME_LOG is every command's. */
export const VARIABLES: Readonly<Record<SettingName, string>> = {
  name: 'BEAMTIME_SERVER_NAME',
  data: 'BEAMTIME_SERVER_DATA',
  database: 'BEAMTIME_SERVER_DATABASE',
  databasePasswordFile: 'BEAMTIME_SERVER_DATABASE_PASSWORD_FILE',
  objects: 'BEAMTIME_SERVER_OBJECTS',
  objectsRegion: 'BEAMTIME_SERVER_OBJECTS_REGION',
  objectsAccessKey: 'BEAMTIME_SERVER_OBJECTS_ACCESS_KEY',
  objectsSecretFile: 'BEAMTIME_SERVER_OBJECTS_SECRET_FILE',
  host: 'BEAMTIME_SERVER_HOST',
  port: 'BEAMTIME_SERVER_PORT',
  publicUrl: 'BEAMTIME_SERVER_PUBLIC_URL',
  trustedProxies: 'BEAMTIME_SERVER_TRUSTED_PROXIES',
  oidcIssuer: 'BEAMTIME_SERVER_OIDC_ISSUER',
  oidcClientId: 'BEAMTIME_SERVER_OIDC_CLIENT_ID',
  oidcClientSecretFile: 'BEAMTIME_SERVER_OIDC_CLIENT_SECRET_FILE',
  oidcName: 'BEAMTIME_SERVER_OIDC_NAME',
  oidcStaff: 'BEAMTIME_SERVER_OIDC_STAFF',
  logLevel: 'BEAMTIME_LOG',
  logFile: 'BEAMTIME_SERVER_LOG_FILE',
};
export const SETTINGS = Object.keys(ServerConfig.shape) as SettingName[];

/** A setting given as text has no such value; the message names it. */
export class SettingInvalid extends Error {
  override readonly name = 'SettingInvalid';
}

/**
 * Settings as variables and options carry them.
 * @param texts undefined: not given
 * @param called how a setting is called there, for messages
 * @throws SettingInvalid
 */
export function settingsOfTexts(
  texts: Readonly<Partial<Record<SettingName, string | undefined>>>,
  called: (name: SettingName) => string,
): ServerConfig {
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const name of SETTINGS) {
    const text = texts[name];
    if (text !== undefined) values[name] = readValue(name, text);
  }
  const parsed = ServerConfig.safeParse(values);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = SETTINGS.find((one) => one === issue?.path[0]) ?? 'name';
  // A password may stand in it.
  const shown = name === 'database' || name === 'objects' ? '' : ` (it is ${JSON.stringify(texts[name])})`;
  throw new SettingInvalid(`${called(name)}: ${issue?.message}${shown}`);
}

function readValue(name: SettingName, text: string): unknown {
  if (name === 'port') return /^\d{1,9}$/.test(text) ? Number(text) : text;
  if (name === 'trustedProxies') return text.split(',').map((one) => one.trim());
  return text;
}

/** @throws SettingInvalid also where a variable is misspelt: a setting that does nothing would not be noticed */
export function settingsOfEnvironment(env: Readonly<Record<string, string | undefined>>): ServerConfig {
  const known = new Set(Object.values(VARIABLES));
  const unknown = Object.keys(env).find((name) => name.startsWith('BEAMTIME_SERVER_') && !known.has(name));
  if (unknown !== undefined) {
    throw new SettingInvalid(
      `${unknown} is not a variable of a project server; there are ${[...known].join(', ')}`,
    );
  }
  const texts = Object.fromEntries(SETTINGS.map((name) => [name, env[VARIABLES[name]]]));
  return settingsOfTexts(texts, (name) => VARIABLES[name]);
}

/** @returns whether an address is one of the reverse proxies that are believed */
export function proxyTest(trusted: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const text of trusted) {
    const block = addressBlock(text);
    if (block) list.addSubnet(block.address, block.prefix, block.family);
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
  };
}

function addressBlock(
  text: string,
): { readonly address: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' } | null {
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  const bits = version === 6 ? 128 : 32;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : bits + 1;
  if (version === 0 || length > bits || more.length > 0) return null;
  return { address, prefix: length, family: version === 6 ? 'ipv6' : 'ipv4' };
}
