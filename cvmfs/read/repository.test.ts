import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseCertificate } from '../format/certificate.ts';
import { decodeManifest } from '../format/manifest.ts';
import { formatFingerprint } from '../format/whitelist.ts';
import { makeKeys } from '../testkit/keys.ts';
import { type Files, type Made, makeRepository } from '../testkit/made-repository.ts';
import { scratch } from '../testkit/sample.ts';
import { serveRepository } from '../testkit/server.ts';
import { ObjectCache, parseBlacklist, parseMasterKeys, Repository, type RepositoryOptions } from './index.ts';

const NAME = 'test.example.org';
const keys = makeKeys();
const otherKeys = makeKeys();
const folder = scratch();
let made = 0;
const fresh = () => {
  const path = join(folder, String(made++));
  mkdirSync(path);
  return path;
};

const big = randomBytes(100_000);
const FILES = {
  '/a': 'content of a',
  '/dir/b': 'content of b',
  '/n/c': 'nested',
  '/n/big': big,
  '/l': '@$(WHERE:-dir)/b',
};
const make = (over: Partial<Made> = {}, into?: Files) =>
  makeRepository({ name: NAME, keys, files: FILES, nested: ['/n'], pieceBytes: 30_000, ...over }, into);

async function opened(
  servers: readonly string[],
  over: Partial<RepositoryOptions> = {},
  cacheFolder = fresh(),
) {
  const repository = await Repository.open({
    repository: NAME,
    servers,
    masterKeys: parseMasterKeys(keys.masterPublicPem),
    cache: await ObjectCache.open(cacheFolder, 1e9),
    stateFolder: cacheFolder,
    serverOptions: {
      backOffMs: 1,
      limits: { patienceMs: 300, leastBytesPerSecond: 1024, connections: 8 },
    },
    ...over,
  });
  return repository;
}

const text = async (repository: Repository, path: string) =>
  (await repository.snapshot.readFile(path)).toString();

test('is read from the master key down to ranges of chunked files', async () => {
  for (const algorithm of ['sha1', 'rmd160', 'shake128'] as const) {
    const server = await serveRepository(NAME, make({ algorithm }));
    const repository = await opened([server.url], { environment: { WHERE: undefined } });
    const { snapshot } = repository;
    expect(await text(repository, '/dir/b')).toBe('content of b');
    expect(server.asked.filter((path) => path.endsWith('C'))).toHaveLength(1);
    expect((await snapshot.list('')).map(({ path }) => path)).toEqual(['/a', '/dir', '/l', '/n']);
    // The mountpoint alone does not load what is below it.
    await snapshot.lookup('/n');
    expect(server.asked.filter((path) => path.endsWith('C'))).toHaveLength(1);
    expect((await snapshot.list('/n')).map(({ path }) => path)).toEqual(['/n/big', '/n/c']);
    expect(await snapshot.readLink('/l')).toBe('dir/b');
    expect((await snapshot.resolve('/l', `/cvmfs/${NAME}`)).path).toBe('/dir/b');
    const file = await snapshot.openFile('/n/big');
    const ranges = [
      [0, 10],
      [29_990, 20],
      [30_000, 1],
      [59_999, 40_001],
      [99_999, 50],
      [200_000, 5],
    ] as const;
    const read = await Promise.all(ranges.map(([offset, count]) => file.read(offset, count)));
    expect(read).toEqual(ranges.map(([offset, count]) => big.subarray(offset, offset + count)));
    await file.close();
    for (const path of ['/none', '/dir/none', '/a/b', '/n/none/x']) {
      await expect(snapshot.lookup(path)).rejects.toMatchObject({ name: 'PathError', errno: 'ENOENT' });
    }
    await expect(snapshot.list('/a')).rejects.toMatchObject({ errno: 'ENOTDIR' });
    await expect(snapshot.openFile('/dir')).rejects.toMatchObject({ errno: 'EISDIR' });
    await repository.close();
  }
});

test('what is asked for at once by many is fetched once', async () => {
  const server = await serveRepository(NAME, make());
  const repository = await opened([server.url]);
  await Promise.all(Array.from({ length: 20 }, () => text(repository, '/n/c')));
  expect(new Set(server.asked).size).toBe(server.asked.length);
  await repository.close();
});

test.each<[string, Partial<Made>, Partial<RepositoryOptions>]>([
  ['WhitelistUntrusted', { keys: { ...keys, masterKey: otherKeys.masterKey } }, {}],
  ['WhitelistUntrusted', { whitelist: { pkcs7: true } }, {}],
  ['WhitelistExpired', { whitelist: { expiresAt: 1_700_000_000 } }, {}],
  ['WrongRepository', { whitelist: { repository: 'other.example.org' } }, {}],
  ['WrongRepository', { manifest: { repository: 'other.example.org' } }, {}],
  ['CertificateNotListed', { whitelist: { fingerprints: ['ab'.repeat(20)] } }, {}],
  ['ManifestUnsigned', { keys: { ...keys, certificateKey: otherKeys.certificateKey } }, {}],
  ['RevisionBlacklisted', {}, { blacklist: parseBlacklist(`# not these\n<${NAME} 2`) }],
  [
    'CertificateBlacklisted',
    {},
    {
      blacklist: parseBlacklist(
        formatFingerprint(parseCertificate(Buffer.from(keys.certificatePem)).fingerprint('rmd160')),
      ),
    },
  ],
  ['FormatError', { manifest: { certificate: undefined } }, {}],
  ['NoSuchTag', {}, { pin: { tag: 'none' } }],
])('%s: refused by that name, and the next server is tried', async (name, over, options) => {
  const bad = await serveRepository(NAME, make(over));
  await expect(opened([bad.url], options)).rejects.toMatchObject({ name });
  if (options.blacklist || options.pin) return;
  const good = await serveRepository(NAME, make());
  const repository = await opened([bad.url, good.url], options);
  expect(await text(repository, '/a')).toBe('content of a');
  await repository.close();
});

test('every byte class flipped is refused or found again at the next server', async () => {
  const files = make();
  const bad = await serveRepository(NAME, files);
  const good = await serveRepository(NAME, files);
  const { manifest } = decodeManifest(files.get('.cvmfspublished') ?? Buffer.alloc(0));
  const isOf = {
    manifest: (path: string) => path === '.cvmfspublished',
    whitelist: (path: string) => path === '.cvmfswhitelist',
    certificate: (path: string) => path.endsWith('X'),
    catalog: (path: string) => path.endsWith('C'),
    chunk: (path: string) => path.endsWith('P'),
    data: (path: string) => /^data.*[0-9a-f]$/.test(path),
  };
  expect(manifest.revision).toBe(1);
  for (const [part, isThis] of Object.entries(isOf)) {
    for (const where of [0, 0.4, 0.999]) {
      bad.misdeed = (path, bytes) => {
        if (!isThis(path)) return undefined;
        const wrong = Buffer.from(bytes);
        const at = Math.floor(where * wrong.length);
        wrong[at] = (wrong[at] ?? 0) ^ 4;
        return wrong;
      };
      const readAll = async (servers: string[]) => {
        const repository = await opened(servers);
        try {
          return [await text(repository, '/a'), (await repository.snapshot.readFile('/n/big')).equals(big)];
        } finally {
          await repository.close();
        }
      };
      await expect(readAll([bad.url]), `${part} at ${where}`).rejects.toSatisfy((error: Error) =>
        /^(FormatError|ObjectCorrupt|WhitelistUntrusted|ManifestUnsigned|CertificateNotListed|WhitelistExpired|WrongRepository)$/.test(
          error.name,
        ),
      );
      expect(await readAll([bad.url, good.url]), `${part} at ${where}`).toEqual(['content of a', true]);
    }
  }
});

test('never goes back to an older revision, also after a restart', async () => {
  const old = await serveRepository(NAME, make({ revision: 4 }));
  const files = make({ revision: 5, files: { ...FILES, '/new': 'x' } });
  const server = await serveRepository(NAME, files);
  const cacheFolder = fresh();
  await (await opened([server.url], {}, cacheFolder)).close();
  const repository = await opened([old.url], {}, cacheFolder);
  expect(repository.snapshot.revision).toBe(5);
  expect(repository.problem).toMatchObject({ name: 'RevisionTooOld' });
  await repository.close();
  // A stale mirror first does no harm.
  const both = await opened([old.url, server.url], {}, cacheFolder);
  expect(both.problem).toBeNull();
  expect(await text(both, '/new')).toBe('x');
  // A new revision comes in while it runs; snapshots in use stay what they are.
  const before = both.snapshot;
  make({ revision: 6, files: { ...FILES, '/newer': 'y' } }, files);
  expect(await both.refresh()).toBe(true);
  expect(await text(both, '/newer')).toBe('y');
  await expect(before.lookup('/newer')).rejects.toMatchObject({ errno: 'ENOENT' });
  await both.close();
});

test('stays readable without network, from what was read before', async () => {
  const server = await serveRepository(NAME, make());
  const cacheFolder = fresh();
  const first = await opened([server.url], {}, cacheFolder);
  await text(first, '/dir/b');
  await first.close();
  await server.stop();
  // Years later: the whitelist has run out since.
  for (const servers of [[server.url], []]) {
    const later = await opened(servers, { nowMs: () => Date.UTC(2120, 0, 1) }, cacheFolder);
    expect(later.problem).toMatchObject({ name: 'NoServer' });
    expect(await text(later, '/dir/b')).toBe('content of b');
    await expect(text(later, '/a')).rejects.toMatchObject({ name: 'NoServer' });
    await later.close();
  }
  await expect(opened([server.url])).rejects.toMatchObject({ name: 'NoServer' });
});

test('reads tags, dates and root hashes', async () => {
  const files = make({ files: { '/a': 'old' } });
  const { rootCatalog, rootCatalogBytes = 0 } = decodeManifest(
    files.get('.cvmfspublished') ?? Buffer.alloc(0),
  ).manifest;
  const tag = {
    name: 'v1',
    rootCatalog,
    rootCatalogBytes,
    revision: 1,
    timestamp: 1000,
    description: '',
    branch: '',
  };
  make({ revision: 2, tags: [tag] }, files);
  const server = await serveRepository(NAME, files);
  for (const pin of [{ tag: 'v1' }, { date: 2000 }, { rootCatalog }]) {
    const cacheFolder = fresh();
    for (const servers of [[server.url], []]) {
      const repository = await opened(servers, { pin }, cacheFolder);
      expect(await text(repository, '/a')).toBe('old');
      await repository.close();
    }
  }
  await expect(opened([server.url], { pin: { date: 999 } })).rejects.toMatchObject({ name: 'NoSuchTag' });
  const newest = await opened([server.url]);
  expect(await newest.tags()).toEqual([tag]);
  await newest.close();
});

test('servers that stall, break off, send without end or bombs are left for the next', async () => {
  const bytes = Buffer.alloc(4_000_000, 'x');
  const files = make({ files: { '/large': bytes }, pieceBytes: bytes.length });
  const good = await serveRepository(NAME, files);
  const isData = (path: string) => /^data.*[0-9a-f]$/.test(path);
  const bad = await serveRepository(NAME, files);
  const misdeeds: Record<string, typeof bad.misdeed> = {
    stalls: (path, _bytes, response) => {
      if (!isData(path)) return undefined;
      response.writeHead(200);
      response.write('x');
      return 'handled';
    },
    'breaks off': (path, whole, response) => {
      if (!isData(path)) return undefined;
      response.writeHead(200, { 'content-length': whole.length });
      response.write(whole.subarray(0, whole.length / 2), () => response.destroy());
      return 'handled';
    },
    'sends without end': (path, _bytes, response) => {
      if (!isData(path)) return undefined;
      response.writeHead(200);
      const more = () => {
        if (!response.destroyed) response.write(Buffer.alloc(65_536), more);
      };
      more();
      return 'handled';
    },
    'answers 500': (path, _bytes, response) => {
      if (!isData(path)) return undefined;
      response.writeHead(500).end();
      return 'handled';
    },
    'sends elsewhere': (path, _bytes, response) => {
      if (!isData(path)) return undefined;
      response.writeHead(302, { location: `${good.url}/${path}` }).end();
      return 'handled';
    },
  };
  for (const [what, misdeed] of Object.entries(misdeeds)) {
    bad.misdeed = misdeed;
    const alone = await opened([bad.url]);
    await expect(text(alone, '/large'), what).rejects.toThrow();
    await alone.close();
    const repository = await opened([bad.url, good.url]);
    expect((await repository.snapshot.readFile('/large')).equals(bytes), what).toBe(true);
    await repository.close();
  }
});

test('an object with more content than its catalog says is not inflated further', async () => {
  const bomb = Buffer.alloc(50_000_000);
  const server = await serveRepository(
    NAME,
    make({
      files: { '/bomb': bomb },
      pieceBytes: bomb.length,
      twist: (item) =>
        item.path === '/bomb' ? { ...item, entry: { ...item.entry, size: 2_000_000 } } : item,
    }),
  );
  const cacheFolder = fresh();
  const cache = await ObjectCache.open(cacheFolder, 1e9);
  const repository = await opened([server.url], { cache });
  await expect(text(repository, '/bomb')).rejects.toMatchObject({ name: 'ObjectTooLarge' });
  expect(cache.bytes).toBeLessThan(1_000_000);
  await repository.close();
});

test('a nested catalog in the wrong place is refused', async () => {
  const server = await serveRepository(
    NAME,
    make({
      files: { '/n/c': 'x', '/m/c': 'y' },
      nested: ['/n', '/m'],
      twistNested: (one) => ({ ...one, path: one.path === '/n' ? '/m' : '/n' }),
    }),
  );
  const repository = await opened([server.url]);
  await expect(repository.snapshot.lookup('/n/c')).rejects.toMatchObject({ name: 'FormatError' });
  await repository.close();
});

test('the nearest server can be asked for', async () => {
  const files = make();
  files.set('probe', Buffer.alloc(0));
  const first = await serveRepository(NAME, files);
  const second = await serveRepository(NAME, files);
  first.misdeed = (path) => (path.startsWith('api/') ? Buffer.from('2,1\n') : undefined);
  const repository = await opened([first.url, second.url]);
  expect(await repository.sortServers()).toBe(true);
  await text(repository, '/a');
  expect(second.asked.some((path) => path.startsWith('data/'))).toBe(true);
  await repository.close();
});
