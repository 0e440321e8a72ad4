import { accessSync, constants, existsSync } from 'node:fs';
import { ProbeResult } from '../../capsules/qemu/accelerators.ts';
import { recallFact } from '../../machine.ts';
import { type Check, ok, warning } from '../check.ts';

const KVM = '/dev/kvm';

/** An accelerator is what boots, not what exists: the answer is the remembered boot probe's. */
export const accelerator: Check = {
  name: 'accelerator',
  title: 'Hardware help for virtual machines',
  async run({ files }) {
    const probe = await recallFact(files.machine, 'qemuAccelerator', ProbeResult);
    if (probe) {
      const refused = probe.refused.map(({ accelerator, reason }) => `${accelerator}: ${reason}`).join('; ');
      if (probe.accelerator !== 'tcg') return ok(`${probe.accelerator} boots the machine`);
      return warning(
        `virtual machines are interpreted, about ten times slower${refused ? ` (${refused})` : ''}`,
        'Where WebAssembly programs exist they are used instead. To have hardware help, switch on virtualisation in the firmware.',
        'probe-accelerator',
      );
    }
    if (process.platform === 'linux' && existsSync(KVM)) {
      try {
        accessSync(KVM, constants.R_OK | constants.W_OK);
      } catch {
        return warning(
          `${KVM} is there but may not be used by you`,
          'Join its group: sudo usermod -aG kvm "$USER", then log in again.',
          'probe-accelerator',
        );
      }
    }
    return ok('not measured yet; the first virtual machine tells');
  },
};
