import { ask } from '../api.ts';
import type { Command } from '../command.ts';
import { findEngine } from '../endpoints.ts';
import { UsageError } from '../errors.ts';
import { dataOption } from '../folders.ts';
import { clean } from '../terminal.ts';
import { findNamed, listProjects, PROJECT_NAMED } from './projects.ts';

export const share: Command = {
  name: 'share',
  summary: 'say how much of the work a project gets beside the others',
  description:
    'Shares are weights: what is computed is divided in their proportion, as far as each project has work. With 0 a project gets nothing new and stays joined.',
  positionals: { name: 'PROJECT N', min: 2, max: 2, help: `${PROJECT_NAMED}; N from 0 to 100` },
  options: dataOption('engine'),
  examples: ['beamtime share "LEP at home" 75'],
  exitCodes: { 4: 'no such project is joined, or more than one could be meant' },
  async run(input) {
    const engine = await findEngine(input);
    const [name = '', text = ''] = input.positionals;
    const weight = Number(text);
    if (!/^\d+$/.test(text) || weight > 100)
      throw new UsageError(`a share is a whole number from 0 to 100, not "${clean(text)}"`);
    const { keyFingerprint } = await findNamed(engine, name);
    await ask(engine, {
      method: 'PUT',
      path: '/shares',
      body: { shares: { [keyFingerprint]: weight } },
      schema: null,
    });
    const active = (await listProjects(engine)).filter(({ leaving }) => !leaving);
    const sum = active.reduce((total, one) => total + one.share, 0);
    input.terminal.document({
      shares: Object.fromEntries(active.map((one) => [one.keyFingerprint, one.share])),
    });
    for (const one of active) {
      const part = sum === 0 ? 0 : Math.round((100 * one.share) / sum);
      input.terminal.say(`${clean(one.name)}: share ${one.share}, ${part}% of the work`);
    }
    return 0;
  },
};
