import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from '../../platform/processes.ts';
import { ask } from '../api.ts';
import type { Command } from '../command.ts';
import { findEngine } from '../endpoints.ts';
import { CliError, EXIT } from '../errors.ts';
import { dataOption } from '../folders.ts';

const PATIENCE_MS = 20_000;

export const stop: Command = {
  name: 'stop',
  summary: 'end the engine',
  description:
    'Finished results are kept and sent the next time. A work unit that was running begins again then; with --finish ' +
    'those running are computed and sent first.',
  options: {
    ...dataOption('engine'),
    finish: { help: 'finish the work units that are running, take no new ones, then end' },
  },
  async run(input) {
    const engine = await findEngine(input);
    const finish = input.flag('finish');
    await ask(engine, { method: 'POST', path: '/stop', body: { finish }, schema: null });
    if (finish) input.terminal.note('finishing the work units that are running; Ctrl-C leaves it to itself');
    const until = finish ? Number.POSITIVE_INFINITY : Date.now() + PATIENCE_MS;
    while (isAlive(engine.endpoint.pid)) {
      if (input.stopping.aborted) return EXIT.failed;
      if (Date.now() > until)
        throw new CliError(
          EXIT.failed,
          `the engine (process ${engine.endpoint.pid}) was told to end and has not in ${PATIENCE_MS / 1000} s; ` +
            'its log says why; ending the process by force loses only running work',
        );
      await delay(50);
    }
    input.terminal.document({ stopped: true, pid: engine.endpoint.pid });
    input.terminal.say('the engine has ended');
    return 0;
  },
};
