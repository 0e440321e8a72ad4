import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { electronHere, hasDisplay } from '../../scripts/electron/electron.mjs';

/** An app that ends badly within this has not been used: it could not start. */
const TOO_SOON_MS = 10_000;

export interface OpenApp {
  /** Resolves when it has ended. */
  readonly ended: Promise<'quit' | 'could not start'>;
  stop(): Promise<void>;
}

/**
 * Starts the desktop app of this clone beside the engine that runs in the data folder.
 * @returns null where there is no display, no Electron or no built app
 */
export function openApp(root: string, dataFolder: string): OpenApp | null {
  const electron = electronHere(root);
  const app = join(root, 'build', 'desktop');
  if (!electron || !hasDisplay() || !existsSync(join(app, 'main.cjs'))) return null;
  // Chromium's own sandbox refuses to run as root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox', app] : [app];
  const startedAt = Date.now();
  const child = spawn(electron.executable, args, {
    env: { ...process.env, BEAMTIME_DATA: dataFolder },
    stdio: 'ignore',
  });
  const ended = new Promise<'quit' | 'could not start'>((resolve) => {
    child.on('error', () => resolve('could not start'));
    child.on('exit', (code) =>
      resolve(code !== 0 && Date.now() - startedAt < TOO_SOON_MS ? 'could not start' : 'quit'),
    );
  });
  return {
    ended,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
