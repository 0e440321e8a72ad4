import type { CatalogReference } from '../../../cvmfs/format/catalog-writer.ts';
import type { Tag } from '../../../cvmfs/format/history.ts';
import {
  changesBetween,
  findTag,
  type Publisher,
  revisionNumbered,
  storedView,
} from '../../../cvmfs/publish/index.ts';
import type { Command } from '../../command.ts';
import { count } from '../../words.ts';
import { PUBLISHER_OPTION, withPublisher } from './publisher.ts';
import { sayChanges } from './report.ts';

export const diffCommand: Command = {
  name: 'cvmfs diff',
  summary: 'say what differs between two revisions',
  positionals: {
    name: 'NAME FROM TO',
    min: 1,
    max: 3,
    help: 'the repository, and tags or numbers of revisions (default: the last before the newest, and the newest)',
  },
  options: PUBLISHER_OPTION,
  examples: ['beamtime cvmfs diff sw.example.org v1.0 v1.1'],
  async run(input) {
    const [name = '', from, to] = input.positionals;
    return withPublisher(
      input,
      name,
      async (publisher) => {
        const { revision } = (await publisher.current()).manifest;
        const before = await rootOf(publisher, from ?? String(revision - 1));
        const after = await rootOf(publisher, to ?? String(revision));
        const views = [
          await storedView(publisher.stored, before),
          await storedView(publisher.stored, after),
        ] as const;
        const changes = await changesBetween(...views);
        input.terminal.document(changes);
        sayChanges(input, changes, Number.POSITIVE_INFINITY);
        input.terminal.say(
          `${count(changes.added)} added, ${count(changes.changed)} changed, ${count(changes.removed)} removed`,
        );
        return 0;
      },
      'none',
    );
  },
};

/** A tag where there is one of this name, else a number. */
export function targetOf(text: string, tags: readonly Tag[]): { tag: string } | { revision: number } {
  const isTag = tags.some(({ name }) => name === text);
  return !isTag && /^\d{1,15}$/.test(text) ? { revision: Number(text) } : { tag: text };
}

async function rootOf(publisher: Publisher, text: string): Promise<CatalogReference> {
  const current = await publisher.current();
  const tags = current.history?.tags ?? [];
  const target = targetOf(text, tags);
  const { rootCatalog, rootCatalogBytes } =
    'tag' in target ? findTag(tags, target.tag) : await revisionNumbered(publisher, current, target.revision);
  return { path: '', hash: rootCatalog, bytes: rootCatalogBytes };
}
