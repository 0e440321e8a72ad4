import { dirname, join } from 'node:path';
import { dataFolder } from '../platform/data-folder.ts';

/** Where this user's Beamtime keeps its data; the command line looks in the same places. */
export function places(env: Readonly<Record<string, string | undefined>>) {
  const engine = dataFolder('engine', undefined, env);
  const desktop = join(dirname(engine), 'desktop');
  return {
    engine,
    /** Chromium's own files too. */
    desktop,
    settings: join(desktop, 'settings.json'),
    window: join(desktop, 'window.json'),
    told: join(desktop, 'told.json'),
    invitation: join(desktop, 'invitation.json'),
    log: join(desktop, 'shell.log'),
  } as const;
}
export type Places = ReturnType<typeof places>;
