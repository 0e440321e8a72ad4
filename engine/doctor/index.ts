import type { DoctorCheck } from '../../protocol/engine-api.ts';
import type { Check, DoctorContext } from './check.ts';
import { accelerator } from './checks/accelerator.ts';
import { appliance } from './checks/appliance.ts';
import { calibration } from './checks/calibration.ts';
import { clock } from './checks/clock.ts';
import { dataFolder } from './checks/data-folder.ts';
import { disk } from './checks/disk.ts';
import { keptAside } from './checks/kept-aside.ts';
import { memory } from './checks/memory.ts';
import { priority } from './checks/priority.ts';
import { project } from './checks/project.ts';
import { qemu } from './checks/qemu.ts';
import { webAssembly } from './checks/web-assembly.ts';

export type { DoctorContext } from './check.ts';

const CHECKS: readonly Check[] = [
  dataFolder,
  keptAside,
  disk,
  memory,
  project,
  clock,
  webAssembly,
  qemu,
  appliance,
  accelerator,
  calibration,
  priority,
];

/** Runs every check; none can keep another from its answer. */
export function examine(context: DoctorContext): Promise<DoctorCheck[]> {
  return Promise.all(
    CHECKS.map(async ({ name, title, run }) => {
      try {
        return { name, title, ...(await run(context)) };
      } catch (error) {
        const detail = `this check itself failed: ${error instanceof Error ? error.message : error}`;
        return {
          name,
          title,
          state: 'problem' as const,
          detail,
          remedy: 'Please report this with the text above.',
          action: null,
        };
      }
    }),
  );
}
