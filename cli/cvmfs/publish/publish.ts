import { resolve } from 'node:path';
import {
  folderSource,
  makeProgress,
  type PublishOptions,
  publish,
  WrongPlace,
} from '../../../cvmfs/publish/index.ts';
import type { Command, Input, OptionSpec } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import { parseWhole } from '../../words.ts';
import { PUBLISHER_OPTION, pathOption, withPublisher } from './publisher.ts';
import { report, withProgress } from './report.ts';

export const REVISION_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  ...PUBLISHER_OPTION,
  tag: { value: 'NAME', help: 'give the new revision a name' },
  message: { value: 'TEXT', help: 'what the tag is for' },
  'dry-run': { help: 'do all but write, and list what would change' },
  threads: { value: 'N', help: 'how many threads compress (default: one for each core)' },
  verbose: { short: 'v', help: 'list all that has changed' },
};

export const publishCommand: Command = {
  name: 'cvmfs publish',
  summary: 'publish a folder as the next revision',
  description:
    'Files that are as they were when they were published last (size, times, inode) are not read again. If it is ended at any moment, also by force or a power cut, the old revision stands. ' +
    'A folder with a file .cvmfscatalog gets a catalog of its own, as do those that .cvmfsdirtab names and those that would make a catalog too large.',
  positionals: { name: 'NAME FOLDER', min: 2, max: 2, help: 'the repository, and what to publish' },
  options: {
    at: { value: 'PATH', help: 'replace only this path of the repository (default: all of it)' },
    ...REVISION_OPTIONS,
    paranoid: { help: 'read all files, whatever their times say' },
    xattrs: { help: 'publish extended attributes as well (needs getfattr)' },
    owner: { value: 'UID:GID', help: 'publish everything as owned by this user and group' },
  },
  examples: [
    'beamtime cvmfs publish sw.example.org /opt/software',
    'beamtime cvmfs publish sw.example.org build/1.1 --at /1.1 --tag v1.1 --owner 0:0',
  ],
  async run(input) {
    const [name = '', folder = ''] = input.positionals;
    const at = pathOption(input, 'at');
    const owner = ownerOption(input);
    const source = folderSource(folder, { xattrs: input.flag('xattrs'), ...(owner ? { owner } : {}) });
    return withPublisher(input, name, async (publisher) => {
      const own = [publisher.settings.folder, publisher.files.settings].find((path) =>
        path.startsWith(`${resolve(folder)}/`),
      );
      if (own !== undefined)
        throw new WrongPlace(`${own} lies in ${folder}: a repository cannot hold itself`);
      const options = { ...revisionOptions(input), at, paranoid: input.flag('paranoid') };
      const published = await withProgress(options.progress, () => publish(publisher, source, options));
      return report(input, published, { dryRun: input.flag('dry-run') });
    });
  },
};

/** What makes of anything a revision. */
export function revisionOptions(input: Input): PublishOptions & Required<Pick<PublishOptions, 'progress'>> {
  const tag = input.text('tag');
  const description = input.text('message') ?? '';
  if (tag === undefined && description !== '')
    throw new UsageError('--message is of a tag: give --tag as well');
  const threads = input.text('threads');
  return {
    progress: makeProgress(),
    stopping: input.stopping,
    dryRun: input.flag('dry-run'),
    ...(tag === undefined ? {} : { tag: { name: tag, description } }),
    ...(threads === undefined ? {} : { threads: parseWhole('threads', threads, 1, 1024) }),
  };
}

export function ownerOption(input: Input): { uid: number; gid: number } | null {
  const text = input.text('owner');
  if (text === undefined) return null;
  const match = /^(\d{1,10}):(\d{1,10})$/.exec(text);
  if (!match) throw new UsageError(`--owner takes two numbers as 0:0, not "${text}"`);
  return { uid: Number(match[1]), gid: Number(match[2]) };
}
