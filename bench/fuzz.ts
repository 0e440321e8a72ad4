import fc from 'fast-check';
import { routes } from '../server/api/app.ts';
import { fire, told } from '../server/testkit/fuzz/fire.ts';
import { requests } from '../server/testkit/fuzz/requests.ts';
import { fuzzWorld } from '../server/testkit/fuzz/world.ts';
import { closeRaw } from '../server/testkit/raw-request.ts';
import { withServer } from './dispatch/with-server.ts';
import type { Bench } from './measure.ts';

const REQUESTS = 1_000_000;
/** BEAMTIME_BENCH_SECONDS: a million takes the better part of an hour. */
const SECONDS = Number(process.env.BEAMTIME_BENCH_SECONDS ?? 60);
/** BEAMTIME_FUZZ_SEED: those of another run again. */
const SEED = Number(process.env.BEAMTIME_FUZZ_SEED ?? Date.now() % 1_000_000_000);
const AT_ONCE = 8;
const TOGETHER = 2000;

/**
 * Requests to all routes, made from their schemas and spoilt (server/testkit/fuzz/), against a server in a process of its
 * own: until there were a million, or the time is over. What a request did to the project stays for the next.
 */
export const bench: Bench = {
  name: 'fuzz',
  run: (say) =>
    withServer(async ({ child, url, staffToken }) => {
      try {
        const made = requests(routes, await fuzzWorld(url, staffToken, []));
        say(`BEAMTIME_FUZZ_SEED=${SEED} makes the same requests`);
        const begun = performance.now();
        let [sent, failed, slowestMs] = [0, 0, 0];
        while (sent < REQUESTS && performance.now() - begun < SECONDS * 1000) {
          const some = fc.sample(made, { numRuns: TOGETHER, seed: SEED + sent });
          const fired = await fire(url, some, AT_ONCE);
          sent += fired.sent;
          failed += fired.failures.length;
          for (const one of fired.failures.slice(0, 3)) say(told(one));
          if (fired.slowestMs > slowestMs) {
            slowestMs = fired.slowestMs;
            say(
              `slowest so far: ${slowestMs.toFixed(0)} ms, ${fired.slowest?.method} ${fired.slowest?.path.slice(0, 100)}`,
            );
          }
          if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
        }
        const seconds = (performance.now() - begun) / 1000;
        say(`${sent} requests in ${seconds.toFixed(0)} s`);
        return [
          { name: 'fuzzedRequests', value: sent, unit: '', goal: null, comparedWith: null },
          { name: 'fuzzFaults', value: failed, unit: '', goal: '<= 0', comparedWith: null },
          { name: 'fuzzSlowestMs', value: slowestMs, unit: 'ms', goal: null, comparedWith: null },
          { name: 'fuzzedPerSecond', value: sent / seconds, unit: '/s', goal: null, comparedWith: null },
        ];
      } finally {
        closeRaw();
      }
    }),
};
