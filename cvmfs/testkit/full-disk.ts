import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkRepository, create, FolderPlace, folderSource, Publisher, publish } from '../publish/index.ts';

/**
 * A process that publishes to a disk of its own which is too small: a file that fits, one that does not, one that fits
 * again. Says of each how it went. Argument: a folder in which "disk" is that disk.
 */
const [, , place = ''] = process.argv;
const folder = join(place, 'disk/repository');
const publisherFolder = join(place, 'publisher');
const masterKeyFile = join(place, 'master.key');
const source = join(place, 'source');
const nowSeconds = Math.floor(Date.now() / 1000);

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
writeFileSync(masterKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
const repository = 'full.example.org';
await create({ repository, folder, publisherFolder, masterKeyFile, whitelistDays: 1, nowSeconds });
mkdirSync(source);
for (const bytes of [10, 3_000_000, 20]) {
  rmSync(join(source, 'file'), { force: true });
  writeFileSync(join(source, 'file'), randomBytes(bytes));
  const publisher = await Publisher.open(publisherFolder);
  const said = await publish(publisher, folderSource(source)).then(
    ({ revision }) => `revision ${revision}`,
    (error: Error) => `${error.name}: ${error.message}`,
  );
  await publisher.close();
  const checked = await checkRepository({
    place: new FolderPlace(folder),
    scratch: place,
    masterKeys: [],
    readObjects: true,
    nowSeconds,
    threads: 1,
  });
  process.stdout.write(`${said}; ${checked.problems.length} problems in revision ${checked.revision}\n`);
}
