import { join } from 'node:path';
import type { DriverModule } from '../../capsule.contract.ts';
import { qemuDriver } from '../index.ts';
import { builtAppliance } from './appliance.ts';

/** The real thing: QEMU and the appliance that `node appliance/build.ts` makes. */
export const makeDriver: DriverModule['makeDriver'] = async ({ folder, log }) => {
  const at = (name: string) => join(folder, name);
  return qemuDriver({
    files: {
      machine: at('machine.json'),
      snapshots: at('snapshots'),
      run: at('run'),
      consoles: at('consoles'),
    },
    appliance: await builtAppliance(),
    log,
  });
};
