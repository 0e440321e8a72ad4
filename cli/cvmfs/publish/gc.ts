import { collectGarbage } from '../../../cvmfs/publish/index.ts';
import type { Command } from '../../command.ts';
import { count, parseWhole } from '../../words.ts';
import { now, PUBLISHER_OPTION, withPublisher } from './publisher.ts';

export const gcCommand: Command = {
  name: 'cvmfs gc',
  summary: 'remove what only old revisions need',
  description:
    'The newest revision and those with tags stay, also the last ones and those of the last days. Readers that are still at a removed one can read only what they have cached, so leave them time.',
  positionals: { name: 'NAME', min: 1, max: 1, help: 'the repository' },
  options: {
    ...PUBLISHER_OPTION,
    'keep-revisions': { value: 'N', help: 'keep so many of the last revisions (default: 3)' },
    'keep-days': { value: 'N', help: 'keep revisions that are no older (default: 3)' },
    'dry-run': { help: 'say what would be removed, and remove nothing' },
  },
  examples: ['beamtime cvmfs gc sw.example.org --keep-revisions 10 --keep-days 0'],
  async run(input) {
    const [name = ''] = input.positionals;
    const keep = {
      revisions: parseWhole('keep-revisions', input.text('keep-revisions') ?? '3', 1, 1e9),
      days: parseWhole('keep-days', input.text('keep-days') ?? '3', 0, 36_500),
    };
    return withPublisher(
      input,
      name,
      async (publisher) => {
        const collected = await collectGarbage(publisher, keep, {
          dryRun: input.flag('dry-run'),
          stopping: input.stopping,
          nowSeconds: now(),
        });
        input.terminal.document(collected);
        input.terminal.say(
          `${input.flag('dry-run') ? 'Would remove' : 'Removed'} ${count(collected.objectsRemoved)} objects of ${(collected.bytesRemoved / 1e6).toFixed(1)} MB; ` +
            `${count(collected.revisionsKept)} revisions of ${count(collected.objectsKept)} objects stay`,
        );
        return 0;
      },
      'removes',
    );
  },
};
