import { createHash, generateKeyPairSync } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  create,
  folderSource,
  type Published,
  Publisher,
  type PublishOptions,
  publish,
  type Settings,
} from '../publish/index.ts';
import { ObjectCache, parseMasterKeys, Repository, type RepositoryOptions } from '../read/index.ts';
import { serveRepository, type TestServer } from './server.ts';

export interface PublishedRepository {
  readonly name: string;
  readonly folder: string;
  readonly publisherFolder: string;
  readonly masterKeyFile: string;
  readonly masterPublicFile: string;
  with<T>(use: (publisher: Publisher) => Promise<T>): Promise<T>;
  publish(source: string, options?: PublishOptions): Promise<Published>;
  /** As a reader without a cache has it, over HTTP, from this server or one of the test; closed with close(). */
  open(options?: PublishedReading): Promise<Repository>;
  close(): Promise<void>;
}

export interface PublishedReading extends Pick<RepositoryOptions, 'profile' | 'record'> {
  readonly tag?: string;
  readonly server?: string;
}

let made = 0;

/** A repository with a publisher and a server, below a folder. */
export async function makePublished(
  below: string,
  settings: Partial<Omit<Settings, 'repository' | 'folder'>> = {},
  name = 'published.example.org',
): Promise<PublishedRepository> {
  const place = join(below, `published-${made++}`);
  mkdirSync(place, { recursive: true });
  const folder = join(place, 'repository');
  const publisherFolder = join(place, 'publisher');
  const masterKeyFile = join(place, 'master.key');
  // Small keys are made faster.
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  writeFileSync(masterKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const nowSeconds = Math.floor(Date.now() / 1000);
  const { masterPublicFile } = await create({
    repository: name,
    folder,
    publisherFolder,
    masterKeyFile,
    settings,
    whitelistDays: 30,
    nowSeconds,
  });
  let server: TestServer | null = null;
  const open: Repository[] = [];
  const withPublisher = async <T>(use: (publisher: Publisher) => Promise<T>): Promise<T> => {
    const publisher = await Publisher.open(publisherFolder);
    try {
      return await use(publisher);
    } finally {
      await publisher.close();
    }
  };
  return {
    name,
    folder,
    publisherFolder,
    masterKeyFile,
    masterPublicFile,
    with: withPublisher,
    publish: (source, options = {}) =>
      withPublisher((publisher) => publish(publisher, folderSource(source), { threads: 2, ...options })),
    async open({ tag, server: other, ...reading } = {}) {
      if (other === undefined) server ??= await serveRepository(name, folder);
      const cacheFolder = join(place, `cache-${made++}`);
      const repository = await Repository.open({
        repository: name,
        servers: [other ?? server?.url ?? ''],
        masterKeys: parseMasterKeys(readFileSync(masterPublicFile, 'utf8')),
        cache: await ObjectCache.open(cacheFolder, 1e9),
        stateFolder: cacheFolder,
        ...reading,
        ...(tag === undefined ? {} : { pin: { tag } }),
      });
      open.push(repository);
      return repository;
    },
    async close() {
      for (const one of open.splice(0)) await one.close();
    },
  };
}

/** What a reader sees of each path: type and mode, time in ns, and size and hash of the content, or the target. */
export type Told = Record<string, string>;

export async function treeOf(repository: Repository): Promise<Told> {
  const { snapshot } = repository;
  const told: Told = {};
  const waiting = [''];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const { entry } = await snapshot.lookup(path);
    const content =
      entry.kind === 'file'
        ? digest(await snapshot.readFile(path))
        : entry.kind === 'symlink'
          ? entry.target
          : '';
    told[path] = `${entry.mode.toString(8)} ${entry.mtime}.${entry.mtimeNs} ${content}`;
    if (entry.kind === 'directory') waiting.push(...(await snapshot.list(path)).map((child) => child.path));
  }
  return told;
}

/** The same of a folder on this disk. */
export function folderTold(folder: string): Told {
  const told: Told = {};
  const look = (path: string) => {
    const at = Buffer.from(`${Buffer.from(folder).toString('latin1')}${path}`, 'latin1');
    const stat = lstatSync(at, { bigint: true });
    const content = stat.isFile()
      ? digest(readFileSync(at))
      : stat.isSymbolicLink()
        ? readlinkSync(at, { encoding: 'latin1' })
        : '';
    told[path] =
      `${stat.mode.toString(8)} ${stat.mtimeNs / 1_000_000_000n}.${stat.mtimeNs % 1_000_000_000n} ${content}`;
    if (stat.isDirectory())
      for (const name of readdirSync(at, { encoding: 'latin1' })) look(`${path}/${name}`);
  };
  look('');
  return told;
}

function digest(bytes: Buffer): string {
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`;
}
