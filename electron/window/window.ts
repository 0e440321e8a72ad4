import { BrowserWindow, nativeTheme, type Session, screen } from 'electron';
import type { KeptFile } from '../files/kept-file.ts';
import { ORIGIN } from './pages.ts';
import { boundsOn, SMALLEST, type WindowPlace } from './place.ts';

export interface WindowOptions {
  readonly session: Session;
  readonly preload: string;
  readonly icon: string | null;
  readonly place: KeptFile<WindowPlace>;
  /** Words where the pages cannot be loaded. */
  readonly failureWords: () => { readonly title: string; readonly body: string };
  /** The window is closed; what it took is free again. */
  readonly onClosed: () => void;
  readonly onShown: () => void;
  readonly onFault: (how: string) => void;
}

/** A page that dies again so soon would do so for ever. */
const FAULTS_ALLOWED = 3;
const FAULTS_WITHIN_MS = 60_000;

/**
 * The one window. A closed window is destroyed, not hidden: its memory is the machine's again, and opening it anew takes
 * a moment only (bench app), since everything it shows is the engine's.
 */
export class MainWindow {
  readonly #options: WindowOptions;
  #window: BrowserWindow | null = null;
  #faults: number[] = [];

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  get current(): BrowserWindow | null {
    return this.#window;
  }

  /** Opens it, or brings the open one before all others. */
  open(how: 'shown' | 'minimised' = 'shown'): void {
    const open = this.#window;
    if (open) {
      if (open.isMinimized()) open.restore();
      open.show();
      open.focus();
      return;
    }
    this.#window = this.#make(how);
  }

  #make(how: 'shown' | 'minimised'): BrowserWindow {
    const { place, session, preload, icon } = this.#options;
    const areas = [screen.getPrimaryDisplay(), ...screen.getAllDisplays()].map(({ workArea }) => workArea);
    const window = new BrowserWindow({
      ...boundsOn(areas, place.value.bounds),
      minWidth: SMALLEST.width,
      minHeight: SMALLEST.height,
      show: false,
      title: 'Beamtime',
      // What the page paints first, so that nothing flashes.
      backgroundColor: nativeTheme.shouldUseDarkColors ? '#0d1118' : '#f4f6fa',
      autoHideMenuBar: true,
      ...(icon ? { icon } : {}),
      webPreferences: {
        session,
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        webviewTag: false,
        navigateOnDragDrop: false,
        spellcheck: false,
        disableBlinkFeatures: 'Auxclick',
      },
    });
    window.removeMenu();
    if (place.value.isMaximised) window.maximize();
    window.once('ready-to-show', () => {
      if (how === 'minimised') window.minimize();
      else window.show();
      this.#options.onShown();
    });
    window.on('close', () => this.#remember(window));
    window.on('closed', () => {
      this.#window = null;
      this.#options.onClosed();
    });
    window.webContents.on('render-process-gone', (_, { reason }) => this.#fault(window, reason));
    window.webContents.on('did-fail-load', (_, code, words) => {
      // -3: given up for another load.
      if (code !== -3) this.#options.onFault(`load: ${words}`);
    });
    void window.loadURL(`${ORIGIN}/`).catch(() => this.#showFailure(window));
    return window;
  }

  #remember(window: BrowserWindow): void {
    void this.#options.place.set({ bounds: window.getNormalBounds(), isMaximised: window.isMaximized() });
  }

  #fault(window: BrowserWindow, reason: string): void {
    this.#options.onFault(reason);
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    const now = Date.now();
    this.#faults = [...this.#faults.filter((at) => now - at < FAULTS_WITHIN_MS), now];
    if (this.#faults.length > FAULTS_ALLOWED) this.#showFailure(window);
    else window.webContents.reload();
  }

  /** The last resort: a page without a script, in the person's language. */
  #showFailure(window: BrowserWindow): void {
    if (window.isDestroyed()) return;
    const { title, body } = this.#options.failureWords();
    const page = `<!doctype html><meta charset="utf-8"><title>Beamtime</title><h1>${title}</h1><p>${body}</p>`;
    void window.loadURL(`data:text/html;charset=utf-8,${encodeURIComponent(page)}`).catch(() => {});
    window.show();
  }
}
