import type { Entry } from '../commands.ts';

/** Looking after a project server: `beamtime server ACTION`. */
export const SERVER_ACTIONS: readonly Entry[] = [
  {
    name: 'server backup',
    summary: 'write all that a project has into one file, while it runs',
    load: async () => (await import('./backup.ts')).backupCommand,
  },
  {
    name: 'server restore',
    summary: 'make a project’s data folder of a backup',
    load: async () => (await import('./restore.ts')).restoreCommand,
  },
];
