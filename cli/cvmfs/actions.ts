import type { Entry } from '../commands.ts';

/** Mounting a repository, publishing one and looking after it: `beamtime cvmfs ACTION`. */
export const CVMFS_ACTIONS: readonly Entry[] = [
  {
    name: 'cvmfs mount',
    summary: 'mount a repository read-only, until it is interrupted (Linux, as root)',
    load: async () => (await import('./mount.ts')).mountCommand,
  },
  {
    name: 'cvmfs create',
    summary: 'make a repository with its keys, and nothing in it yet',
    load: async () => (await import('./publish/create.ts')).createCommand,
  },
  {
    name: 'cvmfs publish',
    summary: 'publish a folder as the next revision',
    load: async () => (await import('./publish/publish.ts')).publishCommand,
  },
  {
    name: 'cvmfs import',
    summary: 'publish a tar archive, an OCI image or Debian packages at a path of the repository',
    load: async () => (await import('./publish/import.ts')).importCommand,
  },
  {
    name: 'cvmfs tag',
    summary: 'give a revision a name, or take it away',
    load: async () => (await import('./publish/tags.ts')).tagCommand,
  },
  {
    name: 'cvmfs list-tags',
    summary: 'list the revisions that have names',
    load: async () => (await import('./publish/tags.ts')).listTagsCommand,
  },
  {
    name: 'cvmfs rollback',
    summary: 'publish an old revision anew',
    load: async () => (await import('./publish/rollback.ts')).rollbackCommand,
  },
  {
    name: 'cvmfs diff',
    summary: 'say what differs between two revisions',
    load: async () => (await import('./publish/diff.ts')).diffCommand,
  },
  {
    name: 'cvmfs check',
    summary: 'look whether a repository is whole, down to the bytes of every object',
    load: async () => (await import('./publish/check.ts')).checkCommand,
  },
  {
    name: 'cvmfs gc',
    summary: 'remove what only old revisions need',
    load: async () => (await import('./publish/gc.ts')).gcCommand,
  },
  {
    name: 'cvmfs resign',
    summary: 'sign the whitelist anew with the master key, before it runs out',
    load: async () => (await import('./publish/resign.ts')).resignCommand,
  },
  {
    name: 'cvmfs replicate',
    summary: 'copy a repository of somebody else, to serve it as well (stratum 1)',
    load: async () => (await import('./publish/replicate.ts')).replicateCommand,
  },
];
