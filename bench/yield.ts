import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuNs, treeOf } from './engine/processes.ts';
import { type BenchEngine, withEngine } from './engine/running.ts';
import { type Bench, type Measure, quantile } from './measure.ts';

/** BEAMTIME_BENCH_ROUNDS: fewer, to try the bench itself. */
const DETECTIONS = Number(process.env.BEAMTIME_BENCH_ROUNDS ?? 12);
const PAUSES = Number(process.env.BEAMTIME_BENCH_ROUNDS ?? 40);
const COMPUTING_WITHIN_MS = 90_000;
/** A process that uses less of a core than this, in a look of LOOK_MS, stands still: a timer may still tick. */
const STILL_NS = 100_000;
const LOOK_MS = 4;
/** Still for so long: it is over. */
const SURE_MS = 150;

/**
 * detect: a load on every core appears -> the engine has paused its capsules, as its state tells (all slots away).
 * pause: somebody asks the local API -> the capsules use no processor time any more, as the kernel counts it.
 */
export const bench: Bench = {
  name: 'yield',
  async run(say) {
    const measures: Measure[] = [];
    for (const capsule of ['wasm', 'qemu'] as const) {
      await withEngine({ joins: true, capsule }, async (engine) => {
        await engine.computing(COMPUTING_WITHIN_MS);
        const pauses = await pauseTimes(engine);
        say(`${capsule}: ${PAUSES} pauses, slowest ${Math.max(...pauses).toFixed(1)} ms`);
        const detections = await detectTimes(engine);
        say(`${capsule}: ${DETECTIONS} loads, slowest ${Math.max(...detections).toFixed(0)} ms`);
        const suffix = capsule === 'wasm' ? '' : 'Vm';
        const one = (name: string, samples: number[], q: number, goal: string | null): Measure => ({
          name: `${name}${suffix}`,
          value: quantile(samples, q),
          unit: 'ms',
          goal,
          comparedWith: `${capsule}, ${samples.length} times`,
        });
        measures.push(
          one('detectP50Ms', detections, 0.5, null),
          one('detectP99Ms', detections, 0.99, '<= 1000'),
          one('pauseP50Ms', pauses, 0.5, null),
          one('pauseP99Ms', pauses, 0.99, '<= 50'),
        );
      });
    }
    return measures;
  },
};

async function pauseTimes(engine: BenchEngine): Promise<number[]> {
  const times: number[] = [];
  while (times.length < PAUSES) {
    await engine.computing(COMPUTING_WITHIN_MS);
    const capsules = busy(treeOf(engine.pid).filter((pid) => pid !== engine.pid));
    const pids = await capsules;
    const askedAt = performance.now();
    const asked = engine.ask('POST', '/pause', { forSeconds: null });
    times.push((await stillAt(pids)) - askedAt);
    await asked;
    await engine.ask('POST', '/resume');
  }
  return times;
}

/** Those of the processes that compute now. */
async function busy(pids: number[]): Promise<number[]> {
  const before = pids.map(cpuNs);
  await delay(60);
  return pids.filter((pid, i) => cpuNs(pid) - (before[i] ?? 0) > 20e6);
}

/** When they last used a processor, seen from performance.now(). */
async function stillAt(pids: number[]): Promise<number> {
  let last = performance.now();
  let before = pids.map(cpuNs);
  while (performance.now() - last < SURE_MS) {
    await delay(LOOK_MS);
    const now = pids.map(cpuNs);
    if (now.some((ns, i) => ns - (before[i] ?? 0) > STILL_NS)) last = performance.now();
    before = now;
  }
  return last;
}

async function detectTimes(engine: BenchEngine): Promise<number[]> {
  const times: number[] = [];
  while (times.length < DETECTIONS) {
    await engine.computing(COMPUTING_WITHIN_MS);
    const startedAt = performance.now();
    const load = Array.from({ length: availableParallelism() }, () =>
      spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }),
    );
    try {
      for (const until = startedAt + 20_000; ; await delay(5)) {
        const { running } = await engine.state();
        if (!running.some((unit) => unit.state === 'running')) break;
        if (performance.now() > until) throw new Error('the engine did not notice the load in 20 s');
      }
      times.push(performance.now() - startedAt);
    } finally {
      for (const one of load) one.kill('SIGKILL');
    }
  }
  return times;
}
