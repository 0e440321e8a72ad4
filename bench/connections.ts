import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { API_PREFIX } from '../protocol/project-api.ts';
import { withServer } from './dispatch/with-server.ts';
import { residentBytes } from './engine/processes.ts';
import { type Bench, quantile } from './measure.ts';

const FLOOD = fileURLToPath(new URL('./connections/flood.ts', import.meta.url));
const CONNECTIONS = 100_000;
/** Each a process of its own: none may have as many files. */
const FLOODS = 10;
const PATIENCE_MS = 10_000;
const MOST_MS = 180_000;

interface Said {
  readonly made: number;
  readonly closed: number;
  readonly isDone: boolean;
}

/** A hundred thousand silent connections come to a server as fast as they can; meanwhile a person asks it something now and then. */
export const bench: Bench = {
  name: 'connections',
  run: (say) =>
    withServer(async ({ child, url }) => {
      const before = residentBytes(child.pid ?? 0) / 1e6;
      const said = new Map<ChildProcess, Said>();
      const floods = Array.from({ length: FLOODS }, (_, i) => {
        const args = [new URL(url).port, String(CONNECTIONS / FLOODS), String(i + 1)];
        const flood = fork(FLOOD, args);
        flood.on('message', (message) => said.set(flood, message as Said));
        return flood;
      });
      const gone = floods.map((flood) => once(flood, 'exit'));
      const took: number[] = [];
      let failed = 0;
      let most = before;
      const begun = performance.now();
      const sum = (key: 'made' | 'closed') => [...said.values()].reduce((all, one) => all + one[key], 0);
      try {
        while ([...said.values()].filter(({ isDone }) => isDone).length < FLOODS) {
          const asked = performance.now();
          if (await isAnswered(url)) took.push(performance.now() - asked);
          else failed++;
          most = Math.max(most, residentBytes(child.pid ?? 0) / 1e6);
          if (asked - begun > MOST_MS) throw new Error(`after ${MOST_MS} ms ${sum('made')} were made`);
          await delay(50);
        }
        const seconds = (performance.now() - begun) / 1000;
        say(
          `${sum('made')} in ${seconds.toFixed(0)} s, ${sum('closed')} of them closed by the server so far`,
        );
        return [
          { name: 'connectionsMade', value: sum('made'), unit: '', goal: '>= 1e5', comparedWith: null },
          {
            name: 'connectionsPerSecond',
            value: sum('made') / seconds,
            unit: '/s',
            goal: null,
            comparedWith: null,
          },
          {
            name: 'requestsAnswered',
            value: took.length,
            unit: '',
            goal: '>= 10',
            comparedWith: 'meanwhile',
          },
          { name: 'requestsFailed', value: failed, unit: '', goal: '<= 0', comparedWith: 'meanwhile' },
          {
            name: 'answerP50Ms',
            value: quantile(took, 0.5),
            unit: 'ms',
            goal: null,
            comparedWith: 'meanwhile',
          },
          {
            name: 'answerP99Ms',
            value: quantile(took, 0.99),
            unit: 'ms',
            goal: null,
            comparedWith: 'meanwhile',
          },
          {
            name: 'serverMb',
            value: most,
            unit: 'MB',
            goal: null,
            comparedWith: `${before.toFixed(0)} MB before`,
          },
        ];
      } finally {
        for (const flood of floods) if (flood.connected) flood.disconnect();
        await Promise.all(gone);
      }
    }),
};

/** In a connection of its own, as a host that comes for the first time. */
function isAnswered(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(`${url}${API_PREFIX}/project`, { agent: false, timeout: PATIENCE_MS }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode === 200));
      answer.once('error', () => resolve(false));
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => resolve(false));
    sent.end();
  });
}
