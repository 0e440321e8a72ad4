import { ask } from '../api.ts';
import type { Command } from '../command.ts';
import { findEngine } from '../endpoints.ts';
import { dataOption } from '../folders.ts';

export const resume: Command = {
  name: 'resume',
  summary: 'go on after a pause',
  options: dataOption('engine'),
  async run(input) {
    const engine = await findEngine(input);
    await ask(engine, { method: 'POST', path: '/resume', body: {}, schema: null });
    input.terminal.document({ paused: false });
    input.terminal.say('resumed; "beamtime status" tells what it does');
    return 0;
  },
};
