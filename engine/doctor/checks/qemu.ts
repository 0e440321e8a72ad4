import { findQemu, installCommand } from '../../capsules/qemu/install.ts';
import { advise, type Check, found, ok, warning } from '../check.ts';

export const qemu: Check = {
  name: 'qemu',
  title: 'Virtual machines (QEMU)',
  async run() {
    const here = await findQemu();
    if (here) return ok(found('qemu-found', { version: here.versionText }));
    const advice = process.platform === 'darwin' ? 'install-qemu-mac' : 'install-qemu';
    return warning(found('qemu-missing'), advise(advice, { command: installCommand(process.platform) }));
  },
};
