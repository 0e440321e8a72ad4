import { backgroundCommand } from '../../capsules/background.ts';
import { type Check, ok, warning } from '../check.ts';

export const priority: Check = {
  name: 'priority',
  title: 'Lowest priority',
  async run() {
    if (process.platform !== 'linux') return ok('work runs at the lowest priority the system has');
    const { command } = await backgroundCommand('true', []);
    if (command === 'chrt') return ok('work runs in the idle class: only when nothing else wants the core');
    return warning(
      'the idle class cannot be used, so work runs at nice 19',
      'Install util-linux, which has the command chrt.',
    );
  },
};
