import { backgroundCommand } from '../../capsules/background.ts';
import { advise, type Check, found, ok, warning } from '../check.ts';

export const priority: Check = {
  name: 'priority',
  title: 'Lowest priority',
  async run() {
    if (process.platform !== 'linux') return ok(found('priority-system'));
    const { command } = await backgroundCommand('true', []);
    if (command === 'chrt') return ok(found('priority-idle'));
    return warning(found('priority-nice'), advise('install-chrt'));
  },
};
