import { findQemu, howToInstall } from '../../capsules/qemu/install.ts';
import { type Check, ok, warning } from '../check.ts';

export const qemu: Check = {
  name: 'qemu',
  title: 'Virtual machines (QEMU)',
  async run() {
    const found = await findQemu();
    if (found) return ok(found.versionText);
    return warning(
      'QEMU is not here, so work runs in WebAssembly; programs that need a virtual machine go to other computers',
      howToInstall(process.platform),
    );
  },
};
