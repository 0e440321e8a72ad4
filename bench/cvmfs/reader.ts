import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { ObjectCache, parseMasterKeys, Repository } from '../../cvmfs/read/index.ts';
import { syntheticPath } from './tree.ts';

/**
 * A reader in a process of its own: prints lookups per second and its memory. Arguments: repository, server, key file,
 * cache folder, number of files in the tree.
 */
// As `beamtime cvmfs mount` does.
setFlagsFromString('--semi-space-growth-factor=1');
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
const measured = async (path: (i: number) => string) => {
  const [begunAt, cpu] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < LOOKUPS; i++) await snapshot.lookup(path(i));
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: (LOOKUPS * 1000) / (performance.now() - begunAt),
    cpuMicros: (user + system) / LOOKUPS,
  };
};
const { perSecond: anywherePerSecond, cpuMicros } = await measured(anywhere);
const few = Array.from({ length: 1000 }, anywhere);
const { perSecond: againPerSecond } = await measured((i) => few[i % few.length] ?? '');
const rssMb = process.memoryUsage.rss() / 1e6;
process.stdout.write(`${JSON.stringify({ anywherePerSecond, cpuMicros, againPerSecond, rssMb })}\n`);
await repository.close();
