import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { App } from 'electron';
import { writeFileAtomic } from '../../platform/files.ts';
import { autostartEntry } from './desktop-entry.ts';

/** Started so, the window stays closed until somebody opens it. */
export const HIDDEN = '--hidden';

/** Has the system start the app at login, or no longer. @throws the system's error where it cannot */
export async function setStartAtLogin(app: App, yes: boolean, env: NodeJS.ProcessEnv): Promise<void> {
  if (process.platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: yes, args: [HIDDEN] });
    return;
  }
  const folder = join(configFolder(env), 'autostart');
  const file = join(folder, 'beamtime.desktop');
  if (!yes) {
    await rm(file, { force: true });
    return;
  }
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(file, autostartEntry([...ownCommand(app, env), HIDDEN]), 0o644);
}

/** How this very app is started; an AppImage is mounted somewhere else each time, so by its own file. */
function ownCommand(app: App, env: NodeJS.ProcessEnv): string[] {
  if (env.APPIMAGE) return [env.APPIMAGE];
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()];
}

function configFolder(env: NodeJS.ProcessEnv): string {
  const { XDG_CONFIG_HOME: named } = env;
  // The specification says to ignore a relative path.
  return named && isAbsolute(named) ? named : join(homedir(), '.config');
}
