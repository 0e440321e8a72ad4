import { readFileSync } from 'node:fs';
import { ObjectCache, parseMasterKeys, Repository } from '../../cvmfs/read/index.ts';
import { syntheticPath } from './tree.ts';

/**
 * A reader in a process of its own: prints lookups per second and its memory. Arguments: repository, server, key file,
 * cache folder, number of files in the tree.
 */
const [, , name = '', server = '', keyFile = '', cacheFolder = '', files = '0'] = process.argv;
const LOOKUPS = 50_000;

const repository = await Repository.open({
  repository: name,
  servers: [server],
  masterKeys: parseMasterKeys(readFileSync(keyFile, 'utf8')),
  cache: await ObjectCache.open(cacheFolder, 4e9),
  stateFolder: cacheFolder,
});
const { snapshot } = repository;
const total = Number(files);
/** Anywhere in the tree, the same each time (Lehmer's generator, 16807 modulo 2^31 - 1). */
let state = 1;
const anywhere = () => {
  state = (state * 16_807) % 2_147_483_647;
  return syntheticPath(state % total);
};
// Every catalog once.
for (let i = 0; i < total; i += 10_000) await snapshot.lookup(syntheticPath(i));
const perSecond = async (paths: readonly string[]) => {
  const begunAt = performance.now();
  for (const path of paths) await snapshot.lookup(path);
  return (paths.length * 1000) / (performance.now() - begunAt);
};
const anywherePerSecond = await perSecond(Array.from({ length: LOOKUPS }, anywhere));
const few = Array.from({ length: 1000 }, anywhere);
await perSecond(few);
const againPerSecond = await perSecond(Array.from({ length: LOOKUPS }, (_, i) => few[i % few.length] ?? ''));
const rssMb = process.memoryUsage.rss() / 1e6;
process.stdout.write(`${JSON.stringify({ anywherePerSecond, againPerSecond, rssMb })}\n`);
await repository.close();
