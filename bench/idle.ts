import { setTimeout as delay } from 'node:timers/promises';
import { cpuNs, proportionalBytes, residentBytes, treeOf } from './engine/processes.ts';
import { withEngine } from './engine/running.ts';
import type { Bench } from './measure.ts';

const SETTLE_MS = 20_000;
const WATCH_MS = 60_000;

/** An engine that has joined nothing, with its page served and no client: its whole process tree, watched for a minute. */
export const bench: Bench = {
  name: 'idle',
  run: (say) =>
    withEngine({ joins: false }, async (engine) => {
      say(`settling for ${SETTLE_MS / 1000} s, then watching for ${WATCH_MS / 1000} s`);
      await delay(SETTLE_MS);
      const pids = treeOf(engine.pid);
      const sum = (of: (pid: number) => number) => pids.reduce((total, pid) => total + of(pid), 0);
      const [before, startedAt] = [sum(cpuNs), performance.now()];
      await delay(WATCH_MS);
      const share = (sum(cpuNs) - before) / 1e6 / (performance.now() - startedAt);
      say(`${pids.length} processes`);
      return [
        {
          name: 'rssMb',
          value: sum(residentBytes) / 1e6,
          unit: 'MB',
          goal: '<= 90',
          comparedWith: "BOINC's client: 16 MB",
        },
        { name: 'pssMb', value: sum(proportionalBytes) / 1e6, unit: 'MB', goal: null, comparedWith: null },
        { name: 'cpuPercent', value: 100 * share, unit: '% of a core', goal: '<= 0.5', comparedWith: null },
      ];
    }),
};
