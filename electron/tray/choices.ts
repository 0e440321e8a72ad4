import { tellPage } from '../bridge/calls.ts';
import type { Shell } from '../shell.ts';
import { SHARES, secondsUntilTomorrow } from './menu.ts';

const HOUR_SECONDS = 3600;

/** What a line of the tray's menu does. What the engine refuses is in the log; the menu goes on showing what is. */
export async function chosen(shell: Shell, id: string): Promise<void> {
  try {
    await act(shell, id);
  } catch (error) {
    shell.options.log.warn({ err: error, id }, 'choice in the tray failed');
  }
}

async function act(shell: Shell, id: string): Promise<void> {
  const { link } = shell;
  switch (id) {
    case 'pause-hour':
      return link.pause(HOUR_SECONDS);
    case 'pause-tomorrow':
      return link.pause(secondsUntilTomorrow(new Date()));
    case 'pause-for-good':
      return link.pause(null);
    case 'resume':
      return link.resume();
    case 'try-again':
      return shell.supervisor.startNow();
    case 'open':
      return shell.window.open();
    case 'contribution':
    case 'preferences':
      return go(shell, id);
    case 'finish':
      return shell.finishAndQuit();
    case 'quit':
      return shell.quit();
    default:
      return share(shell, id);
  }
}

function go(shell: Shell, page: 'contribution' | 'preferences'): void {
  const isNew = shell.window.current === null;
  shell.window.open();
  const { current } = shell.window;
  // A window that is just being made hears nothing until its page is there.
  if (isNew) current?.webContents.once('did-finish-load', () => tellPage(current, 'navigate', page));
  else tellPage(current, 'navigate', page);
}

async function share(shell: Shell, id: string): Promise<void> {
  const { preferences } = shell.link.view;
  const level = Object.entries(SHARES).find(([name]) => id === `share-${name}`);
  if (!level || !preferences) return;
  await shell.link.setPreferences({ ...preferences, reserveWhileActive: level[1] });
}
