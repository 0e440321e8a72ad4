import { join } from 'node:path';
import { app, ipcMain, nativeTheme, type Session, safeStorage, session } from 'electron';
import { engineFiles } from '../engine/filenames.ts';
import type { Logger } from '../platform/log.ts';
import { type EngineProcess, type Language, ShellSettings, type UpdateState } from '../protocol/shell.ts';
import { answerCalls, tellPage } from './bridge/calls.ts';
import { pageCalls } from './bridge/handlers.ts';
import { EngineLink } from './engine/link.ts';
import { INSIST } from './engine/messages.ts';
import { startEngineProcess } from './engine/process.ts';
import { EngineSupervisor } from './engine/supervisor.ts';
import type { EngineView } from './engine/view.ts';
import { type FileTrouble, KeptFile } from './files/kept-file.ts';
import { Secrets } from './files/secrets.ts';
import { WaitingFile, WaitingInvitation } from './invitations/waiting.ts';
import { Told } from './notify/decide.ts';
import { Notifier } from './notify/notifier.ts';
import type { Places } from './places.ts';
import { Power } from './power/power.ts';
import { languageFor, type TextKey, text, type Values } from './texts.ts';
import { chosen } from './tray/choices.ts';
import { watchTrayHost } from './tray/host.ts';
import type { MenuFacts } from './tray/menu.ts';
import { TrayIcon } from './tray/tray.ts';
import { updatesSoon } from './updates/start.ts';
import { lockDownSession } from './window/lock-down.ts';
import { servePages } from './window/pages.ts';
import { WindowPlace } from './window/place.ts';
import { EngineProxy } from './window/proxy.ts';
import { MainWindow } from './window/window.ts';

export interface ShellOptions {
  readonly places: Places;
  /** Where the bundles, icons and pages lie. */
  readonly folder: string;
  readonly log: Logger;
  readonly env: NodeJS.ProcessEnv;
  /** The engine computes on at least one core, whatever others do with the machine. */
  readonly insist: boolean;
}

/**
 * The parts of the desktop shell, wired. It draws nothing and decides nothing of the work: the engine does, and the
 * shell carries words between it, the tray, the window and the system.
 */
export class Shell {
  readonly options: ShellOptions;
  readonly supervisor: EngineSupervisor;
  readonly link: EngineLink;
  readonly settings: KeptFile<ShellSettings>;
  readonly tray: TrayIcon;
  readonly window: MainWindow;
  readonly notifier: Notifier;
  readonly power: Power;
  readonly secrets: Secrets;
  readonly invitation: WaitingInvitation;
  updateState: UpdateState = { state: 'none' };
  /** Whether a closed window leaves something to click on. */
  hasTray = false;
  isFinishing = false;
  /** Nothing is left to be ended: the app may go. */
  hasEnded = false;
  #notices: { readonly key: TextKey; readonly values: Values }[] = [];
  #proxy: EngineProxy;
  #quitting: Promise<void> | null = null;
  #knownVersion: string | null = null;
  #stopWatchingHost: () => void = () => {};
  #stopUpdates: () => void = () => {};

  /** To be made when the app is ready. */
  constructor(options: ShellOptions) {
    this.options = options;
    const { places, folder, env, log } = options;
    const engineArgs = [places.engine, ...(options.insist ? [INSIST] : [])];
    const kept = { onTrouble: (trouble: FileTrouble) => this.#fileTrouble(trouble) };
    this.settings = new KeptFile(places.settings, ShellSettings, ShellSettings.parse({}), kept.onTrouble);
    nativeTheme.themeSource = this.settings.value.scheme;
    this.secrets = new Secrets(safeStorage);
    this.invitation = new WaitingInvitation(
      new KeptFile(places.invitation, WaitingFile, WaitingFile.parse({}), kept.onTrouble),
      this.secrets,
    );
    this.link = new EngineLink((view) => this.#onView(view));
    this.supervisor = new EngineSupervisor({
      endpointFile: engineFiles(places.engine).endpoint,
      start: () => startEngineProcess(unpacked(join(folder, 'engine', 'engine.mjs')), engineArgs, env),
      words: ({ code, values }) => this.say(code, values),
      onChange: (state) => this.#onEngine(state),
      log: (message, details) => log.info(details, message),
    });
    this.#proxy = new EngineProxy(() => this.link.address);
    this.notifier = new Notifier({
      told: new KeptFile(places.told, Told, Told.parse({}), kept.onTrouble),
      settings: () => this.settings.value,
      language: () => this.language,
      onClick: () => this.window.open(),
    });
    this.power = new Power(env, (report) => this.link.power(report));
    this.tray = new TrayIcon(join(folder, 'icons'), this.menuFacts, (id) => void chosen(this, id));
    this.window = new MainWindow({
      session: this.#session(),
      preload: join(folder, 'preload.cjs'),
      icon: process.platform === 'linux' ? join(folder, 'icons', 'app.png') : null,
      place: new KeptFile(places.window, WindowPlace, WindowPlace.parse({}), kept.onTrouble),
      failureWords: () => ({ title: this.say('failed.title'), body: this.say('failed.body') }),
      onClosed: () => this.#onClosed(),
      onShown: () => log.info({ ms: sinceStart() }, 'window shown'),
      onFault: (how) => {
        log.error({ how }, 'window fault');
        this.notice('notice.window');
      },
    });
    answerCalls(
      ipcMain,
      () => this.window.current,
      pageCalls(this),
      (call, error) => log.error({ err: error, call }, 'call of the page failed'),
    );
  }

  get language(): Language {
    return this.settings.value.language ?? languageFor(systemLanguages());
  }

  get menuFacts(): MenuFacts {
    return {
      engine: this.supervisor.state,
      view: this.link.view,
      language: this.language,
      isFinishing: this.isFinishing,
    };
  }

  /** @param hidden started with the session: the window stays closed, or small where there is no tray */
  async start(hidden: boolean): Promise<void> {
    void this.supervisor.start();
    if (!hidden) this.window.open();
    this.power.start();
    this.#stopUpdates = updatesSoon(this.options.folder, {
      env: this.options.env,
      isPackaged: app.isPackaged,
      onState: (state) => this.#onUpdate(state),
      log: (message, details) => this.options.log.info(details, message),
    });
    this.#stopWatchingHost = await watchTrayHost(this.options.env, (isThere) => this.#onTrayHost(isThere));
    if (hidden && !this.hasTray) this.window.open('minimised');
  }

  say(key: TextKey, values: Values = {}): string {
    return text(this.language, key, values);
  }

  /** Something the person should know once. Put into words when the page asks: settings may be what is amiss. */
  notice(key: TextKey, values: Values = {}): void {
    const same = JSON.stringify([key, values]);
    if (this.#notices.some((one) => JSON.stringify([one.key, one.values]) === same)) return;
    this.#notices.push({ key, values });
  }

  takeNotices(): string[] {
    return this.#notices.splice(0).map(({ key, values }) => this.say(key, values));
  }

  /** An invitation came by link or file: the page asks whether it is meant. */
  invited(invitation: string): void {
    this.invitation.put(invitation);
    this.window.open();
    tellPage(this.window.current, 'invitation', null);
  }

  painted(): void {
    this.options.log.info({ ms: sinceStart() }, 'state painted');
  }

  changeSettings(settings: ShellSettings): void {
    void this.settings.set(settings);
    nativeTheme.themeSource = settings.scheme;
    this.tray.show(this.menuFacts);
    tellPage(this.window.current, 'settings', settings);
  }

  /** Ends an engine of ours first, in under five seconds; what it has is kept. */
  quit(): Promise<void> {
    this.#quitting ??= (async () => {
      this.#stopWatchingHost();
      this.#stopUpdates();
      this.power.stop();
      this.notifier.close();
      this.tray.disappear();
      await this.supervisor.stop(() => this.link.stop(false));
      this.link.follow(null);
      this.options.log.info('shell ended');
      this.hasEnded = true;
      app.quit();
    })();
    return this.#quitting;
  }

  /** What runs is computed and reported, then all ends; the tray says so until then. */
  async finishAndQuit(): Promise<void> {
    await this.link.stop(true);
    this.isFinishing = true;
    this.tray.show(this.menuFacts);
    await this.supervisor.ended();
    await this.quit();
  }

  get hasQuit(): boolean {
    return this.#quitting !== null;
  }

  #session(): Session {
    const { folder, log } = this.options;
    const own = session.defaultSession;
    lockDownSession(own, (what, url) => log.warn({ what, url }, 'refused'));
    try {
      servePages(own, join(folder, 'pages'), this.#proxy);
    } catch (error) {
      log.error({ err: error }, 'no pages');
    }
    return own;
  }

  #onEngine(state: EngineProcess): void {
    this.link.follow(state.state === 'running' ? { url: state.url, token: state.token } : null);
    if (state.state === 'running') this.power.report();
    this.tray.show(this.menuFacts);
    tellPage(this.window.current, 'engine', forPage(state));
  }

  #onView(view: EngineView): void {
    this.tray.show(this.menuFacts);
    this.notifier.follow(view);
    this.power.keepAwake(view.preferences?.keepAwake === true && view.status?.state === 'computing');
    const { engineVersion } = view;
    if (engineVersion === null || engineVersion === this.#knownVersion) return;
    this.#knownVersion = engineVersion;
    this.options.log.info({ engineVersion }, 'engine answers');
    this.power.report();
    if (engineVersion !== app.getVersion())
      this.notice('notice.version', { engine: engineVersion, app: app.getVersion() });
  }

  #onUpdate(state: UpdateState): void {
    this.updateState = state;
    this.options.log.info(state, 'update');
    tellPage(this.window.current, 'updateState', state);
  }

  #onTrayHost(isThere: boolean): void {
    if (this.hasQuit) return;
    const isFirst = isThere && !this.hasTray;
    this.hasTray = isThere;
    if (isThere) this.tray.appear();
    else this.tray.disappear();
    this.options.log.info({ isThere, ms: sinceStart() }, isFirst ? 'tray shown' : 'tray host');
    // With nothing to click on, an app without a window could not be reached.
    if (!isThere && !this.window.current && app.isReady()) this.window.open('minimised');
  }

  #onClosed(): void {
    this.#proxy.hangUp();
    if (this.hasQuit) return;
    if (this.hasTray) this.notifier.toldHiding();
    else void this.quit();
  }

  #fileTrouble(trouble: FileTrouble): void {
    this.options.log.warn(trouble, 'file');
    const { file } = trouble;
    if (trouble.kind === 'damaged') this.notice('notice.damaged', { file, movedTo: trouble.movedTo });
    else this.notice(`notice.${trouble.kind}`, { file, why: trouble.why });
  }
}

/** The page asks its own origin, which asks the engine: it gets neither the engine's address nor its token. */
export function forPage(state: EngineProcess): EngineProcess {
  return state.state === 'running'
    ? { ...state, url: 'beamtime-app://pages', token: 'kept-by-the-shell' }
    : state;
}

/** Milliseconds since this process began. */
function sinceStart(): number {
  return Math.round(Date.now() - (process.getCreationTime() ?? Date.now()));
}

function systemLanguages(): string[] {
  // LANGUAGE and its like, as Chromium reads them.
  return app.getPreferredSystemLanguages().length > 0 ? app.getPreferredSystemLanguages() : [app.getLocale()];
}

/** The engine is run by plain Node, which does not load its modules out of the archive. */
function unpacked(path: string): string {
  return path.replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked');
}
