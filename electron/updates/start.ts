import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { plainWords } from '../files/kept-file.ts';
import { UpdateConfig } from './feed.ts';
import type * as Updater from './updater.ts';

/** A while after the start, when nobody waits for anything. */
const AFTER_START_MS = 20_000;

type Options = Omit<Parameters<typeof Updater.startUpdates>[0], 'feed' | 'configFile'>;

/**
 * Begins to look for updates where this build was told from where (update.json beside the bundles).
 * @returns stops it
 */
export function updatesSoon(folder: string, options: Options): () => void {
  const file = join(folder, 'update.json');
  if (!existsSync(file)) return () => {};
  let stop = () => {};
  const timer = setTimeout(() => {
    try {
      const feed = UpdateConfig.parse(JSON.parse(readFileSync(file, 'utf8')));
      // A bundle of its own: electron-updater is larger than the shell, and most starts have no need of it yet.
      const { startUpdates }: typeof Updater = createRequire(join(folder, 'main.cjs'))('./updates.cjs');
      const updates = startUpdates({ ...options, feed, configFile: file });
      if (updates) stop = updates.stop;
    } catch (error) {
      options.log('updates are off', { why: plainWords(error) });
    }
  }, delayMs(options.env));
  return () => {
    clearTimeout(timer);
    stop();
  };
}

/** BEAMTIME_UPDATES=now: at once, for those who look whether a release reaches its users. */
function delayMs(env: NodeJS.ProcessEnv): number {
  return env.BEAMTIME_UPDATES === 'now' ? 0 : AFTER_START_MS;
}
