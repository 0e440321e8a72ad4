import { addTag, removeTag } from '../../../cvmfs/publish/index.ts';
import type { Command } from '../../command.ts';
import { clean, table } from '../../terminal.ts';
import { parseWhole } from '../../words.ts';
import { now, PUBLISHER_OPTION, withPublisher } from './publisher.ts';

export const tagCommand: Command = {
  name: 'cvmfs tag',
  summary: 'give a revision a name, or take it away',
  description: 'A tagged revision can be read and gone back to for good; a garbage collection keeps it.',
  positionals: { name: 'NAME TAG', min: 2, max: 2, help: 'the repository, and the name' },
  options: {
    ...PUBLISHER_OPTION,
    revision: { value: 'N', help: 'which revision (default: the newest)' },
    message: { value: 'TEXT', help: 'what it is for' },
    remove: { help: 'take the name away; the revision stays until a garbage collection' },
  },
  examples: ['beamtime cvmfs tag sw.example.org v1.0 --message "as used for the 2026 run"'],
  async run(input) {
    const [name = '', tag = ''] = input.positionals;
    const number = input.text('revision');
    const revision = number === undefined ? undefined : parseWhole('revision', number, 0, 2 ** 40);
    return withPublisher(input, name, async (publisher) => {
      if (input.flag('remove')) {
        await removeTag(publisher, tag, now());
        input.terminal.document({ removed: tag });
        input.terminal.say(`The tag ${tag} is gone`);
        return 0;
      }
      const given = { name: tag, description: input.text('message') ?? '' };
      const made = await addTag(publisher, given, revision, now());
      input.terminal.document(made);
      input.terminal.say(`Revision ${made.revision} is ${tag}`);
      return 0;
    });
  },
};

export const listTagsCommand: Command = {
  name: 'cvmfs list-tags',
  summary: 'list the revisions that have names',
  positionals: { name: 'NAME', min: 1, max: 1, help: 'the repository' },
  options: PUBLISHER_OPTION,
  async run(input) {
    const [name = ''] = input.positionals;
    return withPublisher(
      input,
      name,
      async (publisher) => {
        const { manifest, history } = await publisher.current();
        const tags = history?.tags ?? [];
        input.terminal.document({ revision: manifest.revision, tags });
        const rows = tags.map((tag) => [
          tag.name,
          String(tag.revision),
          new Date(tag.timestamp * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
          tag.rootCatalog,
          clean(tag.description),
        ]);
        const header = ['TAG', 'REVISION', 'GIVEN', 'ROOT CATALOG', 'FOR'];
        for (const line of table(header, rows, ['left', 'right', 'left', 'left', 'left']))
          input.terminal.say(line);
        input.terminal.say(`The newest revision is ${manifest.revision}`);
        return 0;
      },
      'none',
    );
  },
};
