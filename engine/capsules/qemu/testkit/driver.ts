import { join } from 'node:path';
import type { DriverModule } from '../../capsule.contract.ts';
import { type QemuDriverOptions, qemuDriver } from '../index.ts';
import { builtAppliance } from './appliance.ts';
import { bootedOnce } from './snapshots.ts';

/** The real thing: QEMU and the appliance that `node appliance/build.ts` makes, restored from a boot that tests share. */
export const makeDriver: DriverModule['makeDriver'] = async ({ folder, log }) =>
  qemuDriver({
    files: { ...filesIn(folder), ...(await bootedOnce()) },
    appliance: await builtAppliance(),
    log,
  });

/** All of a driver's files below one folder. */
export function filesIn(folder: string): QemuDriverOptions['files'] {
  return {
    machine: join(folder, 'machine.json'),
    snapshots: join(folder, 'snapshots'),
    run: join(folder, 'run'),
    consoles: join(folder, 'consoles'),
  };
}
