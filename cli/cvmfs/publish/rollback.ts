import { rollback } from '../../../cvmfs/publish/index.ts';
import type { Command } from '../../command.ts';
import { targetOf } from './diff.ts';
import { now, PUBLISHER_OPTION, withPublisher } from './publisher.ts';

export const rollbackCommand: Command = {
  name: 'cvmfs rollback',
  summary: 'publish an old revision anew',
  description:
    'Readers never go back, so the old content becomes a revision with a new number. Tags stay as they are.',
  positionals: {
    name: 'NAME TO',
    min: 2,
    max: 2,
    help: 'the repository, and a tag or the number of a revision',
  },
  options: PUBLISHER_OPTION,
  examples: ['beamtime cvmfs rollback sw.example.org v1.0'],
  async run(input) {
    const [name = '', to = ''] = input.positionals;
    return withPublisher(input, name, async (publisher) => {
      const { history } = await publisher.current();
      const revision = await rollback(publisher, targetOf(to, history?.tags ?? []), now());
      input.terminal.document({ revision, as: to });
      input.terminal.say(`Revision ${revision} is as ${to} was`);
      return 0;
    });
  },
};
