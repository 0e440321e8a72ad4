import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import type { Shell } from '../../../electron/shell.ts';
import type { EngineProcess, ShellInfo, ShellSettings } from '../../../protocol/shell.ts';
import { electronHere } from '../../../scripts/electron/electron.mjs';
import { root } from '../../testkit/command.ts';
import { settle } from '../../testkit/leftovers.ts';
import type { Desktop } from './desktop.ts';

declare global {
  /** In the app's main process. */
  var beamtimeShell: Shell;
}

/** As the preload gives it to the page. */
export interface Bridge {
  invoke(name: string, input?: unknown): Promise<Answer>;
  on(name: string, listener: (value: unknown) => void): () => void;
}
export type Answer = { ok: true; value: unknown } | { ok: false; error: { code: string; message: string } };

export const electron = electronHere(root);
/** Why there is nothing to test, where no Electron can be had. */
export const NO_ELECTRON = electron === null;

const BUILT = join(root, 'build', 'desktop');

/** A folder for BEAMTIME_DATA and the home of one user. */
export async function newHome(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'bt-app-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

export interface StartOptions {
  readonly desktop: Desktop;
  readonly home: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** The built app, else. */
  readonly folder?: string;
}

/** The environment of one user's session. */
function sessionEnv({ desktop, home, env }: StartOptions): Record<string, string> {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return {
    ...inherited,
    ...desktop.env,
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_CACHE_HOME: join(home, 'cache'),
    BEAMTIME_DATA: join(home, 'data'),
    // Chromium and PulseAudio leave folders there.
    TMPDIR: home,
    LANGUAGE: 'en',
    LANG: 'en_GB.UTF-8',
    ...env,
  };
}

/** Chromium's own sandbox refuses root; without a GPU the software one is quicker to start. */
const SWITCHES = ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];

const ATTEMPTS = 3;
/** Many times what it takes on a busy machine. */
const CONNECTED_WITHIN_MS = 12_000;

/** The desktop app as a user runs it, and what a test asks of its main process and its page. */
export class App {
  readonly electron: ElectronApplication;
  readonly options: StartOptions;
  /** Playwright knows no process any more once it has ended. */
  readonly #process: ChildProcess;

  private constructor(app: ElectronApplication, options: StartOptions) {
    this.electron = app;
    this.#process = app.process();
    this.options = options;
  }

  /**
   * Starts it. Playwright and an Electron as old as the stand-in now and then lose each other while they connect: the
   * app is there, and Playwright waits for ever. Then it is started once more, with its own files as they were.
   */
  static async start(options: StartOptions): Promise<App> {
    const own = join(options.home, 'data', 'desktop');
    const before = join(options.home, 'desktop-before');
    if (existsSync(own)) cpSync(own, before, { recursive: true });
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await App.#launch(options);
        } catch (error) {
          if (attempt === ATTEMPTS) throw error;
          await settle(options.home, 5000);
          rmSync(own, { recursive: true, force: true });
          if (existsSync(before)) cpSync(before, own, { recursive: true });
        }
      }
    } finally {
      rmSync(before, { recursive: true, force: true });
    }
  }

  static async #launch(options: StartOptions): Promise<App> {
    if (!electron) throw new Error('there is no Electron here');
    const electronApp = await _electron.launch({
      executablePath: electron.executable,
      args: [...SWITCHES, options.folder ?? BUILT, ...(options.args ?? [])],
      env: sessionEnv(options),
      timeout: CONNECTED_WITHIN_MS,
      // The page's scheme is the app's, not Playwright's.
      colorScheme: null,
    });
    const app = new App(electronApp, options);
    try {
      if (!options.args?.includes('--hidden'))
        await electronApp.firstWindow({ timeout: CONNECTED_WITHIN_MS });
      return app;
    } catch (error) {
      app.#process.kill('SIGKILL');
      await app.gone;
      throw error;
    }
  }

  /** Resolves when the app has ended, whoever ended it. */
  get gone(): Promise<void> {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => child.once('exit', () => resolve()));
  }

  get dataFolder(): string {
    return join(this.options.home, 'data');
  }

  window(): Promise<Page> {
    return this.electron.firstWindow();
  }

  windows(): number {
    return this.electron.windows().length;
  }

  /** Starts the program a second time, as a click on its icon or on a link does; resolves when that one has ended. */
  again(...args: string[]): Promise<number | null> {
    if (!electron) throw new Error('there is no Electron here');
    const child = spawn(electron.executable, [...SWITCHES, BUILT, ...args], {
      env: sessionEnv(this.options),
      stdio: 'ignore',
    });
    return new Promise((resolve) => child.once('exit', resolve));
  }

  /** What the engine's process is to the shell; token and address included. */
  engine(): Promise<EngineProcess> {
    return this.electron.evaluate(() => globalThis.beamtimeShell.supervisor.state);
  }

  status(): Promise<string | null> {
    return this.electron.evaluate(() => globalThis.beamtimeShell.link.view.status?.state ?? null);
  }

  tray(): Promise<{ state: string; tooltip: string; isThere: boolean }> {
    return this.electron.evaluate(() => {
      const { state, tooltip, isThere } = globalThis.beamtimeShell.tray;
      return { state, tooltip, isThere };
    });
  }

  /** Labels of the tray's menu by id, of those that can be chosen. */
  menu(): Promise<Record<string, string>> {
    return this.electron.evaluate(() => {
      const found: Record<string, string> = {};
      const visit = (menu: Electron.Menu) => {
        for (const item of menu.items) {
          if (item.type !== 'separator' && item.enabled) found[item.id] = item.label;
          if (item.submenu && item.enabled) visit(item.submenu);
        }
      };
      visit(globalThis.beamtimeShell.tray.menu);
      return found;
    });
  }

  choose(id: string): Promise<void> {
    return this.electron.evaluate((_, chosen) => {
      const item = globalThis.beamtimeShell.tray.menu.getMenuItemById(chosen);
      if (!item?.enabled) throw new Error(`there is nothing to choose under ${chosen}`);
      item.click();
    }, id);
  }

  /** Asks the engine through the page, as the page does. */
  async api<T>(
    page: Page,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: T }> {
    return page.evaluate(
      async (asked) => {
        const init: RequestInit = { method: asked.method };
        if (asked.body !== undefined) init.body = JSON.stringify(asked.body);
        const answer = await fetch(`/api/v1${asked.path}`, init);
        const text = await answer.text();
        return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
      },
      { method, path, body },
    );
  }

  invoke(page: Page, name: string, input: unknown = null): Promise<Answer> {
    return page.evaluate(
      (asked) =>
        (window as unknown as { beamtimeShell: Bridge }).beamtimeShell.invoke(asked.name, asked.input),
      { name, input },
    );
  }

  async info(page: Page): Promise<ShellInfo> {
    const answer = await this.invoke(page, 'info');
    if (!answer.ok) throw new Error(answer.error.message);
    return answer.value as ShellInfo;
  }

  async settings(page: Page, change: Partial<ShellSettings>): Promise<void> {
    const before = await this.invoke(page, 'settings');
    if (!before.ok) throw new Error(before.error.message);
    const after = await this.invoke(page, 'setSettings', { ...(before.value as ShellSettings), ...change });
    if (!after.ok) throw new Error(after.error.message);
  }

  /** Of the main process; what nothing holds any more is gone when it resolves. */
  collectGarbage(): Promise<void> {
    return this.electron.evaluate(() => {
      const { mainModule } = process;
      if (!mainModule) throw new Error('the main process has no module of its own');
      const { setFlagsFromString } = mainModule.require('node:v8') as typeof import('node:v8');
      const { runInNewContext } = mainModule.require('node:vm') as typeof import('node:vm');
      setFlagsFromString('--expose-gc');
      (runInNewContext('gc') as () => void)();
    });
  }

  log(): string {
    return readFileSync(join(this.dataFolder, 'desktop', 'shell.log'), 'utf8');
  }

  /** Quits as the tray's menu does. @returns how long that took, and what was left of this user's processes */
  async quit(): Promise<{ ms: number; left: readonly { command: string }[] }> {
    const startedAt = performance.now();
    const { gone } = this;
    await this.electron.evaluate(() => void globalThis.beamtimeShell.quit()).catch(() => {});
    await gone;
    const ms = performance.now() - startedAt;
    return { ms, left: await settle(this.options.home, 5000) };
  }

  /** For afterAll: whatever state the test left it in. */
  async end(): Promise<void> {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const late = setTimeout(() => child.kill('SIGKILL'), 8000);
    await this.quit();
    clearTimeout(late);
  }
}
