import { ask } from '../api.ts';
import type { Command } from '../command.ts';
import { findEngine } from '../endpoints.ts';
import { dataOption } from '../folders.ts';
import { clean } from '../terminal.ts';
import { count } from '../words.ts';
import { findNamed, PROJECT_NAMED } from './projects.ts';

export const leave: Command = {
  name: 'leave',
  summary: 'leave a project',
  description:
    'Work units in hand are computed and delivered first, unless --give-back says to return them at once. What is computed already is delivered either way, and keeps its credit.',
  positionals: { name: 'PROJECT', min: 1, max: 1, help: PROJECT_NAMED },
  options: {
    ...dataOption('engine'),
    'give-back': { help: 'return unfinished work units at once, for other computers' },
  },
  examples: ['beamtime leave "LEP at home"', 'beamtime leave 0123abcd --give-back'],
  exitCodes: { 4: 'no such project is joined, or more than one could be meant' },
  async run(input) {
    const engine = await findEngine(input);
    const project = await findNamed(engine, input.positionals[0] ?? '');
    const work = input.flag('give-back') ? 'give-back' : 'finish';
    await ask(engine, {
      method: 'POST',
      path: '/leave',
      body: { project: project.keyFingerprint, work },
      schema: null,
    });
    const { unfinished } = project.inHand;
    input.terminal.document({ project: project.keyFingerprint, work, unfinished });
    input.terminal.say(`left ${clean(project.name)}`);
    if (unfinished > 0)
      input.terminal.say(
        `${count(unfinished)} work ${unfinished === 1 ? 'unit' : 'units'} in hand ${work === 'finish' ? 'will be computed and delivered first' : 'given back'}`,
      );
    return 0;
  },
};
