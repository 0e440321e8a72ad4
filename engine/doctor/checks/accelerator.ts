import { accessSync, constants, existsSync } from 'node:fs';
import { ProbeResult } from '../../capsules/qemu/accelerators.ts';
import { recallFact } from '../../machine.ts';
import { advise, type Check, found, ok, warning } from '../check.ts';

const KVM = '/dev/kvm';

/** An accelerator is what boots, not what exists: the answer is the remembered boot probe's. */
export const accelerator: Check = {
  name: 'accelerator',
  title: 'Hardware help for virtual machines',
  async run({ files }) {
    const probe = await recallFact(files.machine, 'qemuAccelerator', ProbeResult);
    if (probe) {
      if (probe.accelerator !== 'tcg')
        return ok(found('accelerator-boots', { accelerator: probe.accelerator }));
      const refused = probe.refused.map(({ accelerator, reason }) =>
        found('accelerator-refused', { accelerator, error: reason }),
      );
      return warning([found('accelerator-none'), ...refused], advise('virtualisation'), 'probe-accelerator');
    }
    if (process.platform === 'linux' && existsSync(KVM)) {
      try {
        accessSync(KVM, constants.R_OK | constants.W_OK);
      } catch {
        return warning(
          found('accelerator-denied', { device: KVM }),
          advise('kvm-group', { command: 'sudo usermod -aG kvm "$USER"' }),
          'probe-accelerator',
        );
      }
    }
    return ok(found('accelerator-unknown'));
  },
};
