/**
 * Stands in for an engine that will be killed: `node victim.ts DRIVER_MODULE FOLDER PROGRAM STATE`. Brings one capsule to
 * the state (idle, running, paused), prints "PID\n" of its process and waits.
 */
import { memoryTree } from '../../../ninep/trees/index.ts';
import { makeLogger } from '../../../platform/log.ts';
import type { DriverModule } from '../capsule.contract.ts';
import type { CapsuleDriver } from '../capsule.ts';

const [module = '', folder = '', programPath = '', state = ''] = process.argv.slice(2);
const { makeDriver }: DriverModule = await import(module);
const driver: CapsuleDriver = await makeDriver({ folder, log: makeLogger('victim') });
const capsule = await driver.start({ slotId: 'victim', memoryMb: 256, signal: new AbortController().signal });
if (state !== 'idle') {
  await new Promise<void>((resolve, reject) => {
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
if (state === 'paused') await capsule.pause();
console.log(capsule.metrics().pid);
setInterval(() => {}, 60_000);
