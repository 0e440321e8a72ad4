import type { DoctorCheck } from '../../protocol/engine-api.ts';
import { advise, type Check, type DoctorContext, type Finding, found, problem, reasonOf } from './check.ts';
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
import { adviceWords, findingWords } from './words.ts';

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
        return said(name, title, await run(context));
      } catch (error) {
        const broken = found('check-failed', { error: reasonOf(error) });
        return said(name, title, problem(broken, advise('report')));
      }
    }),
  );
}

function said(name: string, title: string, { state, findings, advice, action }: Finding): DoctorCheck {
  const remedy = advice.length > 0 ? adviceWords(advice) : null;
  const inCodes = { findings: [...findings], advice: [...advice] };
  return { name, title, state, detail: findingWords(findings), remedy, ...inCodes, action };
}
