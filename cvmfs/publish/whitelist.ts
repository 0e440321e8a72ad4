import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../platform/files.ts';
import { parseCertificate } from '../format/certificate.ts';
import { signWhitelistHash } from '../format/signatures.ts';
import { decodeWhitelist, encodeWhitelist, type Whitelist } from '../format/whitelist.ts';
import { WrongPlace } from './errors.ts';
import { publisherFiles, WHITELIST } from './filenames.ts';
import { readSettings, type Settings } from './settings.ts';

const DAY_SECONDS = 86_400;
/** Before it runs out, who publishes is told. */
export const WARN_DAYS = 7;

/** Signs anew who may publish, for so many days. @param certificatePem whose signature under manifests counts */
export async function writeWhitelist(
  settings: Settings,
  certificatePem: Uint8Array,
  masterKey: KeyObject,
  days: number,
  nowSeconds: number,
): Promise<Whitelist> {
  const whitelist: Whitelist = {
    issuedAt: nowSeconds,
    expiresAt: nowSeconds + days * DAY_SECONDS,
    repository: settings.repository,
    pkcs7: false,
    fingerprints: [parseCertificate(certificatePem).fingerprint(settings.algorithm)],
  };
  const bytes = encodeWhitelist(whitelist, (hash) => signWhitelistHash(hash, masterKey), settings.algorithm);
  await writeFileAtomic(join(settings.folder, WHITELIST), bytes, 0o644);
  return whitelist;
}

/** The step for which the master key is needed, and the only one. @throws WrongPlace */
export async function resign(
  publisherFolder: string,
  masterKeyFile: string,
  days: number,
  nowSeconds: number,
): Promise<Whitelist> {
  const settings = await readSettings(publisherFolder);
  const files = publisherFiles(publisherFolder);
  const masterKey = await readMasterKey(masterKeyFile);
  const readers = createPublicKey(await readFile(files.masterPublic(settings.repository)));
  if (!createPublicKey(masterKey).equals(readers)) {
    throw new WrongPlace(
      `${masterKeyFile} is not the master key of ${settings.repository}: readers trust another one`,
    );
  }
  return writeWhitelist(settings, await readFile(files.certificate), masterKey, days, nowSeconds);
}

/** @throws WrongPlace */
export async function readMasterKey(file: string): Promise<KeyObject> {
  const pem = await readFile(file).catch((cause: Error) => {
    throw new WrongPlace(`the master key cannot be read: ${cause.message}`, { cause });
  });
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== 'rsa') throw new Error('it is not for RSA');
    return key;
  } catch (cause) {
    throw new WrongPlace(`${file} holds no private key in PEM`, { cause });
  }
}

/** @returns days until readers refuse the repository; negative: they do */
export async function daysLeft(folder: string, nowSeconds: number): Promise<number> {
  const { whitelist } = decodeWhitelist(await readFile(join(folder, WHITELIST)));
  return (whitelist.expiresAt - nowSeconds) / DAY_SECONDS;
}

/** @returns what to tell who publishes; null: all is well */
export function whitelistWarning(repository: string, days: number): string | null {
  if (days > WARN_DAYS) return null;
  const how = 'sign it anew with "beamtime cvmfs resign"';
  return days <= 0
    ? `the whitelist of ${repository} has run out: no reader takes what is published until you ${how}`
    : `the whitelist of ${repository} runs out in ${Math.max(1, Math.floor(days))} days: ${how}`;
}
