import { readFileSync } from 'node:fs';
import { NoServer, ObjectCache, parseMasterKeys, Repository } from '../read/index.ts';
import { OTHERS, otherContent } from './loop-content.ts';

/**
 * A process of its own that reads what publish-loop.ts publishes again and again until it is killed, each time anew out of one
 * cache that is too small for all of it. Arguments: repository, server, key file, cache folder, quota in bytes.
 */
const [, , name = '', server = '', keyFile = '', cacheFolder = '', quota = '0'] = process.argv;
const masterKeys = parseMasterKeys(readFileSync(keyFile, 'utf8'));
let last = 0;

process.stdout.write('ready\n');
for (;;) {
  const repository = await Repository.open({
    repository: name,
    servers: [server],
    masterKeys,
    cache: await ObjectCache.open(cacheFolder, Number(quota)),
    stateFolder: cacheFolder,
    serverOptions: { retries: 0, backOffMs: 1, penaltyMs: 0 },
  });
  try {
    const number = await readOnce(repository);
    if (number < last) throw new Error(`${number} came after ${last}`);
    last = number;
    process.stdout.write(`read ${number}\n`);
  } catch (error) {
    // A garbage collection took the revision away under it.
    if (!(error instanceof NoServer)) throw error;
  } finally {
    await repository.close();
  }
}

/** All files of a revision say the same. */
async function readOnce({ snapshot }: Repository): Promise<number> {
  const text = async (path: string) => (await snapshot.readFile(path)).toString();
  const number = Number(await text('/number'));
  for (const folder of ['a', 'b']) {
    const said = await text(`/${folder}/number`);
    if (said !== String(number)) throw new Error(`one file says ${number}, another ${said}`);
  }
  for (let i = 0; i < OTHERS; i++) {
    if ((await text(`/b/other-${i}`)) !== otherContent(number, i))
      throw new Error(`other-${i} of ${number} holds other bytes`);
  }
  return number;
}
