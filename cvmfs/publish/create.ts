import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder, writeFileAtomic } from '../../platform/files.ts';
import { repositoryName } from '../format/manifest.ts';
import { selfSignedCertificate } from '../format/self-signed.ts';
import { buildCatalogs } from './build.ts';
import { commit } from './commit.ts';
import { WrongPlace } from './errors.ts';
import { MANIFEST, MASTER_REPLICA, publisherFiles } from './filenames.ts';
import { Publisher } from './publisher.ts';
import { Settings, writeSettings } from './settings.ts';
import { makeStore } from './store.ts';
import { makeNode } from './tree.ts';
import { readMasterKey, writeWhitelist } from './whitelist.ts';

export interface Create {
  readonly repository: string;
  /** Where the repository will lie; a web server serves it. */
  readonly folder: string;
  /** Of the publisher; nobody else should read it. */
  readonly publisherFolder: string;
  /** The master key: made there where there is none. Best on a medium that is taken away. */
  readonly masterKeyFile: string;
  readonly settings?: Partial<Omit<Settings, 'repository' | 'folder'>>;
  readonly whitelistDays: number;
  readonly nowSeconds: number;
}

/** Validity of the certificate; nobody checks it, for it is believed by its fingerprint. */
const CERTIFICATE_DAYS = 3650;
const KEY_BITS = 2048;

/** Makes a repository with nothing in it. @throws WrongPlace where there is one, or keys of one */
export async function create(given: Create): Promise<{ readonly masterPublicFile: string }> {
  const folder = resolve(given.folder);
  const repository = repositoryName(given.repository);
  const files = publisherFiles(given.publisherFolder);
  if (existsSync(join(folder, MANIFEST))) throw new WrongPlace(`there is a repository in ${folder} already`);
  if (existsSync(files.settings)) throw new WrongPlace(`${given.publisherFolder} is of a repository already`);
  const isEmpty = (await readdir(folder).catch(() => [])).length === 0;
  // What create() left when it was cut off may be gone over again.
  if (!isEmpty && !existsSync(join(folder, 'data'))) throw new WrongPlace(`${folder} is not empty`);
  const settings = Settings.parse({ ...given.settings, repository, folder });
  const masterKey = await takeMasterKey(given.masterKeyFile);
  await makeFolder(given.publisherFolder, 0o700);
  const own = await rsaKey();
  const pem = selfSignedCertificate(
    own,
    `${repository} release manager`,
    given.nowSeconds * 1000,
    CERTIFICATE_DAYS,
  );
  await writeFileAtomic(files.certificateKey, pemOf(own));
  await writeFileAtomic(files.certificate, pem, 0o644);
  const masterPublicFile = files.masterPublic(repository);
  const masterPublic = createPublicKey(masterKey).export({ type: 'spki', format: 'pem' });
  await writeFileAtomic(masterPublicFile, masterPublic, 0o644);
  await makeStore(folder);
  await writeFileAtomic(join(folder, MASTER_REPLICA), '', 0o644);
  await writeWhitelist(settings, Buffer.from(pem), masterKey, given.whitelistDays, given.nowSeconds);
  await writeSettings(given.publisherFolder, settings);
  await publishNothing(given);
  return { masterPublicFile };
}

async function publishNothing({ publisherFolder, nowSeconds }: Create): Promise<void> {
  const publisher = await Publisher.open(publisherFolder);
  try {
    const root = makeNode({ name: '', mode: 0o040755, uid: 0, gid: 0, mtime: nowSeconds, mtimeNs: 0 });
    const built = await buildCatalogs(root, {
      store: publisher.storeOptions(false, true),
      revision: 0,
      nowSeconds,
      ttlSeconds: publisher.settings.ttlSeconds,
      before: new Map(),
      noted: new Map(),
      read: async () => null,
    });
    const { hash, bytes } = built.root;
    const change = { rootCatalog: hash, rootCatalogBytes: bytes, revision: 0, written: built.newObjects };
    await commit(publisher, null, change, nowSeconds);
  } finally {
    await publisher.close();
  }
}

async function takeMasterKey(file: string): Promise<KeyObject> {
  if (existsSync(file)) return readMasterKey(file);
  const key = await rsaKey();
  await makeFolder(join(file, '..'), 0o700);
  await writeFileAtomic(file, pemOf(key));
  return key;
}

async function rsaKey(): Promise<KeyObject> {
  return (await promisify(generateKeyPair)('rsa', { modulusLength: KEY_BITS })).privateKey;
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
