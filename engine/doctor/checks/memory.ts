import { totalmem } from 'node:os';
import { memoryProbe } from '../../cores/facts/memory.ts';
import { advise, type Check, found, ok, warning } from '../check.ts';

/** The smallest machine a work unit gets, and the engine. */
const NEEDED_MB = 400;

export const memory: Check = {
  name: 'memory',
  title: 'Memory',
  async run({ preferences }) {
    const availableMb = Math.floor((await (await memoryProbe()).read()) ?? 0);
    const usableMb = availableMb - preferences.keepFreeMemoryMb;
    const totalMb = Math.floor(totalmem() / 1e6);
    const finding = found('memory', { availableMb, totalMb, keptMb: preferences.keepFreeMemoryMb });
    return usableMb < NEEDED_MB ? warning(finding, advise('free-memory')) : ok(finding);
  },
};
