import type { DoctorAction } from '../protocol/engine-api.ts';
import type { Core } from './core.ts';
import { rememberFact } from './machine.ts';

/** What the engine does by itself about what a check has found; each goes on from what is there, and loses no work. */
const REMEDIES: Record<DoctorAction, (core: Core) => Promise<void>> = {
  'probe-accelerator': async (core) => {
    await rememberFact(core.options.files.machine, 'qemuAccelerator', undefined);
    await reloadMachines(core);
  },
  'measure-again': async (core) => {
    await core.calibrator.forget();
    core.choice.considerMeasuring();
  },
  'clear-cache': (core) => core.objects.clear(),
  'fetch-appliance': async (core) => {
    core.objects.doubt();
    await reloadMachines(core);
  },
  retry: async (core) => {
    core.drivers.reconsider();
    core.work.hurry();
  },
};

export function remedy(action: DoctorAction, core: Core): Promise<void> {
  return REMEDIES[action](core);
}

async function reloadMachines(core: Core): Promise<void> {
  await core.drivers.reset('qemu');
  for (const { keyFingerprint } of core.memberships.joined) await core.drivers.usable(keyFingerprint);
  core.work.poke();
  core.supervisor.poke();
}
