import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { electronHere } from '../../scripts/electron/electron.mjs';
import type { Desktop } from '../../test/electron/testkit/desktop.ts';
import { cpuNs, proportionalBytes, treeOf } from '../engine/processes.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const BUILT = join(root, 'build', 'desktop');

/** What Electron itself costs: an application that does nothing, with a blank window open or once opened and closed. */
const BARE = `
const { app, BrowserWindow } = require('electron');
app.on('window-all-closed', () => {});
app.whenReady().then(() => {
  const window = new BrowserWindow({ width: 1180, height: 780 });
  window.loadURL('about:blank');
  if (process.argv.includes('--closed')) setTimeout(() => window.close(), 2000);
});`;

/** An Electron as a user has it: without a debugger, which costs memory. */
export class Electron {
  readonly home: string;
  readonly #begin: () => ChildProcess;
  #child: ChildProcess;

  private constructor(begin: () => ChildProcess, home: string) {
    this.#begin = begin;
    this.#child = begin();
    this.home = home;
  }

  /** @param folder the application; null: the bare one */
  static async start(desktop: Desktop, folder: string | null, ...args: string[]): Promise<Electron> {
    const electron = electronHere(root);
    if (!electron) throw new Error('there is no Electron here; "npm start" fetches one');
    const home = await mkdtemp(join(tmpdir(), 'bt-bench-app-'));
    if (folder === null) {
      await writeFile(
        join(home, 'package.json'),
        JSON.stringify({ name: 'bare', version: '1.0.0', main: 'bare.cjs' }),
      );
      await writeFile(join(home, 'bare.cjs'), BARE);
    }
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const profile = folder === null ? [`--user-data-dir=${join(home, 'profile')}`] : [];
    const begin = () =>
      spawn(electron.executable, [...sandbox, ...profile, folder ?? home, ...args], {
        env: { ...process.env, ...desktop.env, HOME: home, XDG_CONFIG_HOME: home, BEAMTIME_DATA: home },
        stdio: 'ignore',
      });
    return new Electron(begin, home);
  }

  /** Ends it and starts it with what it has kept. */
  async again(): Promise<void> {
    await this.#stop();
    await rm(join(this.home, 'desktop', 'shell.log'), { force: true });
    this.#child = this.#begin();
  }

  /** Its processes but those whose command line has one of the words. */
  processes(...without: string[]): number[] {
    return treeOf(this.#child.pid ?? -1).filter((pid) => {
      const command = commandLine(pid);
      return command !== '' && !without.some((word) => command.includes(word));
    });
  }

  megabytes(): number {
    return this.processes().reduce((sum, pid) => sum + proportionalBytes(pid), 0) / 1e6;
  }

  /** Share of one core that these processes use in a while. */
  async cpuPercent(ms: number, ...without: string[]): Promise<number> {
    const pids = this.processes(...without);
    const used = () => pids.reduce((sum, pid) => sum + cpuNs(pid), 0);
    const [before, startedAt] = [used(), performance.now()];
    await delay(ms);
    return (100 * (used() - before)) / 1e6 / (performance.now() - startedAt);
  }

  /** Of the shell's log, the milliseconds since its process began at which it says so. */
  async said(message: string): Promise<number> {
    for (const until = Date.now() + 30_000; Date.now() < until; await delay(50)) {
      const line = this.#log().find((one) => one.msg === message);
      if (line?.ms !== undefined) return line.ms;
    }
    throw new Error(`the app did not say "${message}"`);
  }

  async end(): Promise<void> {
    await this.#stop();
    await rm(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  async #stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 8000);
    await gone;
    clearTimeout(late);
  }

  #log(): { msg?: string; ms?: number }[] {
    try {
      const lines = readFileSync(join(this.home, 'desktop', 'shell.log'), 'utf8')
        .trimEnd()
        .split('\n');
      return lines.map((line) => JSON.parse(line));
    } catch {
      return []; // not there yet, or its last line not whole
    }
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has ended
  }
}
