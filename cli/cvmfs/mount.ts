import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { singleRepositoryTree } from '../../cvmfs/tree/repository-tree.ts';
import { mountTree } from '../../fuse/index.ts';
import type { Command, Input } from '../command.ts';
import { CliError, EXIT } from '../errors.ts';
import { clearMountpoint, mustMount, OWN_SOURCE } from './kernel-mount.ts';
import { READER_EXITS, SESSION_OPTIONS, type Session, withRepository } from './session.ts';

export const mountCommand: Command = {
  name: 'cvmfs mount',
  summary: 'mount a repository read-only, until it is interrupted (Linux, as root)',
  description:
    'Serves the repository to Linux over FUSE, so that every program can read it. It stays in the revision that it had when it was mounted, ' +
    'and in the foreground; Ctrl-C or SIGTERM unmounts. Without network it mounts and shows what is cached. What a run that was killed has left mounted, the next one unmounts.',
  positionals: {
    name: 'NAME MOUNTPOINT',
    min: 2,
    max: 2,
    help: 'the repository, and a folder to mount it at',
  },
  options: SESSION_OPTIONS,
  examples: ['sudo beamtime cvmfs mount sw.example.org /mnt --server http://host/cvmfs/@fqrn@ --key sw.pub'],
  exitCodes: READER_EXITS,
  async run(input) {
    const [name = '', folder = ''] = input.positionals;
    await mustMount();
    // It runs for days beside other work: better to collect garbage more often than to have room for 60 MB of it.
    setFlagsFromString('--semi-space-growth-factor=1');
    const mountpoint = await clearMountpoint(folder);
    return withRepository(input, name.startsWith('/') ? name : `/cvmfs/${name}`, (session) =>
      mount(input, session, mountpoint),
    );
  },
};

async function mount(input: Input, { repository }: Session, mountpoint: string): Promise<number> {
  const note = (error: unknown) => {
    if (!input.stopping.aborted)
      input.terminal.note(`beamtime: ${error instanceof Error ? error.message : error}`);
  };
  const mounted = await mountTree(singleRepositoryTree(repository), mountpoint, OWN_SOURCE, note).catch(
    (cause: Error) => {
      throw new CliError(EXIT.failed, `it cannot be mounted: ${cause.message}`, { cause });
    },
  );
  const revision = repository.snapshot.revision;
  input.terminal.document({ repository: repository.name, mountpoint, revision: revision ?? null });
  input.terminal.say(
    `${repository.name}${revision === undefined ? '' : `, revision ${revision},`} is mounted at ${mountpoint}; Ctrl-C unmounts it`,
  );
  const stopped = input.stopping.aborted ? Promise.resolve() : once(input.stopping, 'abort');
  // Others may unmount it as well.
  await Promise.race([stopped, mounted.closed]);
  await mounted.unmount();
  return 0;
}
