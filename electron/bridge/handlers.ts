import { writeFile } from 'node:fs/promises';
import { app, dialog, shell as system } from 'electron';
import { plainWords } from '../files/kept-file.ts';
import { setStartAtLogin } from '../login/start-at-login.ts';
import { forPage, type Shell } from '../shell.ts';
import { ShellError, type ShellHandlers } from './calls.ts';

/** What the page may ask of the shell: protocol/shell.ts, one entry a call. */
export function pageCalls(shell: Shell): ShellHandlers {
  return {
    info: () => ({
      version: app.getVersion(),
      platform: process.platform,
      hasTray: shell.hasTray,
      canStartAtLogin: true,
      secretsEncrypted: shell.secrets.isEncrypted,
      notices: shell.takeNotices(),
    }),
    engine: () => forPage(shell.supervisor.state),
    settings: () => shell.settings.value,
    setSettings: async (settings) => {
      if (settings.startAtLogin !== shell.settings.value.startAtLogin)
        await setStartAtLogin(app, settings.startAtLogin, shell.options.env).catch((error: unknown) => {
          throw new ShellError('login', shell.say('notice.login', { why: plainWords(error) }), {
            cause: error,
          });
        });
      shell.changeSettings(settings);
      return settings;
    },
    restartEngine: () => {
      shell.supervisor.startNow();
      return null;
    },
    updateState: () => shell.updateState,
    saveFile: async ({ name, base64 }) => {
      const { current } = shell.window;
      const options = { title: shell.say('save.title'), defaultPath: name };
      const { canceled, filePath } = current
        ? await dialog.showSaveDialog(current, options)
        : await dialog.showSaveDialog(options);
      if (canceled || !filePath) return false;
      await writeFile(filePath, Buffer.from(base64, 'base64')).catch((error: unknown) => {
        const words = shell.say('notice.unwritable', { file: filePath, why: plainWords(error) });
        throw new ShellError('unwritable', words, { cause: error });
      });
      return true;
    },
    openOutside: async (address) => {
      if (!mayOpen(new URL(address)))
        throw new ShellError('foreign', 'only https addresses, and http on this computer, are opened');
      await system.openExternal(address);
      return null;
    },
    takeInvitation: () => shell.invitation.take(),
    painted: () => {
      shell.painted();
      return null;
    },
  };
}

function mayOpen(url: URL): boolean {
  if (url.username || url.password) return false;
  const isLoopback = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback);
}
