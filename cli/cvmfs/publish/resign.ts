import { readSettings, resign } from '../../../cvmfs/publish/index.ts';
import type { Command } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import { parseWhole } from '../../words.ts';
import { now, PUBLISHER_OPTION, publisherFolder, told, withPublisher } from './publisher.ts';

export const resignCommand: Command = {
  name: 'cvmfs resign',
  summary: 'sign the whitelist anew with the master key, before it runs out',
  description:
    'The whitelist says whose revisions readers believe, and until when: whoever takes the release key can do harm only so long. This is the one step that needs the master key.',
  positionals: { name: 'NAME', min: 1, max: 1, help: 'the repository' },
  options: {
    'master-key': { value: 'FILE', help: 'the master key, a private key in PEM (needed)' },
    ...PUBLISHER_OPTION,
    days: { value: 'N', help: 'days until it must be signed again (default: 30)' },
  },
  examples: ['beamtime cvmfs resign sw.example.org --master-key /media/key/master.key'],
  async run(input) {
    const [name = ''] = input.positionals;
    const masterKey = input.text('master-key');
    if (masterKey === undefined) throw new UsageError('--master-key FILE is needed');
    const days = parseWhole('days', input.text('days') ?? '30', 1, 3650);
    const folder = publisherFolder(input, name);
    const whitelist = await told(() => resign(folder, masterKey, days, now()));
    const until = new Date(whitelist.expiresAt * 1000).toISOString();
    input.terminal.document({ until });
    input.terminal.say(`Readers believe the publisher of ${name} until ${until}`);
    if ((await readSettings(folder)).bucket === undefined) return 0;
    return withPublisher(input, name, async () => 0);
  },
};
