import { createHash, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { mountArguments, whyNoGuest } from '../../ninep/testkit/guest.ts';
import { guestWithProgram } from '../../ninep/testkit/guest-program.ts';
import { served } from '../../ninep/testkit/served.ts';
import { ObjectCache, parseMasterKeys, Repository } from '../read/index.ts';
import { makeKeys } from '../testkit/keys.ts';
import { makeRepository } from '../testkit/made-repository.ts';
import { scratch } from '../testkit/sample.ts';
import { serveRepository } from '../testkit/server.ts';
import { singleRepositoryTree } from './repository-tree.ts';

const NAME = 'guest.example.org';
const PORT = 5642;
const folder = scratch();
const keys = makeKeys();
const why = whyNoGuest('musl-gcc');

test.skipIf(why)(
  `Linux mounts a repository as beamtime mounts it, and reads it without network${why ? ` (skipped: ${why})` : ''}`,
  async () => {
    const big = randomBytes(300_000);
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`/many/${i}`, `${i}`]));
    const xattrs = new Map([
      ['user.origin', Buffer.from('Debian')],
      ['user.version', Buffer.from('12')],
    ]);
    const files = makeRepository({
      name: NAME,
      keys,
      files: { ...many, '/n/big': big, '/latest': '@n/big' },
      nested: ['/n'],
      pieceBytes: 100_000,
      twist: (item) => (item.path === '/n/big' ? { ...item, entry: { ...item.entry, xattrs } } : item),
    });
    const server = await serveRepository(NAME, files);
    const open = async (servers: readonly string[]) => {
      const repository = await Repository.open({
        repository: NAME,
        servers,
        masterKeys: parseMasterKeys(keys.masterPublicPem),
        cache: await ObjectCache.open(folder, 1e8),
        stateFolder: folder,
      });
      onTestFinished(() => repository.close());
      return repository;
    };
    const before = await open([server.url]);
    for (const path of ['/n/big', ...Object.keys(many)]) await before.snapshot.readFile(path);
    await server.stop();

    const serving = await served(singleRepositoryTree(await open([])));
    const source = fileURLToPath(new URL('../testkit/xattrs.c', import.meta.url));
    const guest = await guestWithProgram({ [PORT]: serving.server.socketPath }, source);
    const sums = (path: string) => createHash('sha1').update(path).digest('hex');
    const said = await guest.run(`set -e
      mount ${mountArguments(PORT, 'msize=131072,access=any,ro,nosuid,nodev,cache=loose')} /mnt
      cd /mnt
      sha1sum < latest
      find . | wc -l
      cat many/* | sha1sum
      readlink latest
      xattrs n/big
      xattrs latest
      ! xattrs many/1
      ! touch new
      cd /
      umount /mnt\n`);
    expect(said.output.split('\n')).toEqual([
      `${createHash('sha1').update(big).digest('hex')}  -`,
      '305',
      `${sums(
        Array.from({ length: 300 }, (_, i) => `${i}`)
          .sort()
          .join(''),
      )}  -`,
      'n/big',
      'user.origin=Debian',
      'user.version=12',
      'user.origin=Debian',
      'user.version=12',
      'listxattr: Not supported',
      'touch: new: Read-only file system',
      '',
    ]);
    expect(said.status).toBe(0);
    expect(serving.errors).toEqual([]);
  },
  240_000,
);
