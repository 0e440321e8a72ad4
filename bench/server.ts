import type { Bench } from './measure.ts';
import { kills } from './server/kills.ts';

export const bench: Bench = {
  name: 'server',
  async run() {
    return [];
  },
  long: { kills },
};
