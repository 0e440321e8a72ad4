/** The desktop app's main process. Reads first what must be known before Electron is ready, then starts the shell. */
import './older-node.ts';
import { mkdirSync } from 'node:fs';
import { app, dialog, Menu } from 'electron';
import { type Logger, makeLogger } from '../platform/log.ts';
import { INSIST } from './engine/messages.ts';
import { plainWords } from './files/kept-file.ts';
import { invitationIn } from './invitations/arguments.ts';
import { HIDDEN } from './login/start-at-login.ts';
import { places as placesOf } from './places.ts';
import { Shell } from './shell.ts';
import { lockDownContents } from './window/lock-down.ts';
import { declareScheme } from './window/pages.ts';

const places = placesOf(process.env);
mkdirSync(places.desktop, { recursive: true, mode: 0o700 });
app.setPath('userData', places.desktop);
app.setAppUserModelId('science.beamtime.desktop');

/** Of a whole program line, what belongs to the program itself differs; an invitation is found wherever it is. */
const invitation = invitationIn(process.argv.slice(1));

/**
 * What a second start tells the first one has a limit (32 kB), beyond which neither answers the other any more; a page
 * could make a browser hand over a link as long as it likes.
 */
const ARGUMENT_CHARS = 16_000;
const isTooLong = process.argv.join(' ').length > ARGUMENT_CHARS;

if (isTooLong) app.exit(2);
else if (app.requestSingleInstanceLock()) begin(makeLogger('shell', places.log));
else app.quit();

function begin(log: Logger): void {
  declareScheme();
  // As root Chromium runs only without; whoever starts it so has said so.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  Menu.setApplicationMenu(null);
  lockDownContents(app, (what, url) => log.warn({ what, url: url.slice(0, 200) }, 'refused'));
  process.on('uncaughtException', (error) => log.error({ err: error }, 'uncaught'));
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled'));

  let shell: Shell | null = null;
  let waiting = invitation;
  const invited = (found: string) => {
    if (shell) shell.invited(found);
    else waiting = found;
  };
  app.on('second-instance', (_, args) => {
    const found = invitationIn(args.slice(1));
    if (found !== null) invited(found);
    else shell?.window.open();
  });
  // macOS hands links and files over by events.
  app.on('open-url', (event, url) => {
    event.preventDefault();
    const found = invitationIn([url]);
    if (found !== null) invited(found);
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    const found = invitationIn([path]);
    if (found !== null) invited(found);
  });
  app.on('activate', () => shell?.window.open());
  app.on('window-all-closed', () => {
    // The shell decides: with a tray it goes on.
  });
  app.on('child-process-gone', (_, { type, reason }) => log.warn({ type, reason }, 'process gone'));
  app.on('before-quit', (event) => {
    if (!shell || shell.hasEnded) return;
    event.preventDefault();
    void shell.quit();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => (shell ? void shell.quit() : app.quit()));

  const ready = async () => {
    await app.whenReady();
    // Links of installed apps come by the package's own entry on Linux.
    if (process.platform !== 'linux' && app.isPackaged) app.setAsDefaultProtocolClient('beamtime');
    const insist = process.argv.includes(INSIST);
    shell = new Shell({ places, folder: app.getAppPath(), log, env: process.env, insist });
    // For whoever looks into the running app with a debugger; pages cannot reach the main process's globals.
    Object.assign(globalThis, { beamtimeShell: shell });
    if (waiting !== null) shell.invitation.put(waiting);
    await shell.start(process.argv.includes(HIDDEN) && waiting === null);
  };
  ready().catch((error: unknown) => {
    log.fatal({ err: error }, 'the shell could not start');
    dialog.showErrorBox(
      'Beamtime',
      `Beamtime could not start: ${plainWords(error)}. ${places.log} has more.`,
    );
    app.exit(1);
  });
}
