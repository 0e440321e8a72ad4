/**
 * Stands in for an engine that will be killed: `node victim.ts DRIVER_MODULE FOLDER PROGRAM`. Brings three capsules up,
 * one idle, one running, one paused, prints the ids of their processes in one line, and waits.
 */
import { memoryTree } from '../../../ninep/trees/index.ts';
import { makeLogger } from '../../../platform/log.ts';
import type { DriverModule } from '../capsule.contract.ts';
import type { Capsule, CapsuleDriver } from '../capsule.ts';

const [module = '', folder = '', programPath = ''] = process.argv.slice(2);
const { makeDriver }: DriverModule = await import(module);
const driver: CapsuleDriver = await makeDriver({ folder, log: makeLogger('victim') });

function start(slotId: string): Promise<Capsule> {
  return driver.start({ slotId, memoryMb: 128, signal: new AbortController().signal });
}

/** Resolves when the program runs. */
function running(capsule: Capsule): Promise<void> {
  return new Promise((resolve, reject) => {
    capsule
      .run({
        unitId: 'victim',
        programPath,
        args: ['spin'],
        job: memoryTree(),
        memoryMb: 64,
        wallSeconds: 600,
        onConsole: () => resolve(),
        onProgress: () => {},
        onLive: () => {},
      })
      .then((outcome) => reject(new Error(JSON.stringify(outcome))), reject);
  });
}

const paused = await start('paused');
await running(paused);
await paused.pause();
const capsules = [await start('idle'), await start('running'), paused];
if (capsules[1]) await running(capsules[1]);
console.log(capsules.map((capsule) => capsule.metrics().pid).join(' '));
setInterval(() => {}, 60_000);
