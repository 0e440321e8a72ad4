import { totalmem } from 'node:os';
import { memoryProbe } from '../../cores/facts/memory.ts';
import { type Check, ok, warning } from '../check.ts';

/** The smallest machine a work unit gets, and the engine. */
const NEEDED_MB = 400;

export const memory: Check = {
  name: 'memory',
  title: 'Memory',
  async run({ preferences }) {
    const availableMb = Math.floor((await (await memoryProbe()).read()) ?? 0);
    const usableMb = availableMb - preferences.keepFreeMemoryMb;
    const detail = `${availableMb} of ${Math.floor(totalmem() / 1e6)} MB are available, ${preferences.keepFreeMemoryMb} MB are kept for you`;
    if (usableMb < NEEDED_MB)
      return warning(
        detail,
        'Work waits until more is free; close something large, or lower what is kept free.',
      );
    return ok(detail);
  },
};
