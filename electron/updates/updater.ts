/**
 * Updates, loaded only by builds that update themselves (bundled apart: electron-updater is larger than the shell).
 * Downloads in the background, installs at quit, and takes nothing that is not signed.
 */

import type { ResolvedUpdateFileInfo } from 'electron-updater';
import { AppImageUpdater, type AppUpdater, MacUpdater, NsisUpdater, type UpdateInfo } from 'electron-updater';
import {
  Provider,
  type ProviderRuntimeOptions,
  parseUpdateInfo,
  resolveFiles,
} from 'electron-updater/out/providers/Provider.js';
import type { UpdateState } from '../../protocol/shell.ts';
import { checkFeed, type UpdateConfig } from './feed.ts';

/** electron-updater makes it with what setFeedURL was given. */
interface ProviderOptions {
  readonly provider: 'custom';
  readonly feed: UpdateConfig;
}

const LOOK_EVERY_MS = 6 * 3600_000;

/** The generic provider, which believes a feed only with its signature. */
class SignedProvider extends Provider<UpdateInfo> {
  readonly #feed: UpdateConfig;
  readonly #base: URL;

  constructor(options: ProviderOptions, _updater: AppUpdater, runtime: ProviderRuntimeOptions) {
    super(runtime);
    this.#feed = options.feed;
    this.#base = new URL(this.#feed.url.endsWith('/') ? this.#feed.url : `${this.#feed.url}/`);
  }

  override async getLatestVersion(): Promise<UpdateInfo> {
    const name = `${this.getDefaultChannelName()}.yml`;
    const url = new URL(name, this.#base);
    const [text, signature] = await Promise.all([
      this.httpRequest(url),
      this.httpRequest(new URL(`${name}.sig`, this.#base)),
    ]);
    checkFeed(text ?? '', signature ?? '', this.#feed.publicKey);
    return parseUpdateInfo(text, name, url);
  }

  override resolveFiles(update: UpdateInfo): ResolvedUpdateFileInfo[] {
    return resolveFiles(update, this.#base);
  }
}

export interface Updates {
  look(): Promise<void>;
  stop(): void;
}

/** Packages of a distribution are its package manager's; of the rest each has its own way. */
export function updaterFor(env: NodeJS.ProcessEnv): AppUpdater | null {
  if (process.platform === 'win32') return new NsisUpdater();
  if (process.platform === 'darwin') return new MacUpdater();
  return env.APPIMAGE ? new AppImageUpdater() : null;
}

/** @returns null where this kind of installation does not update itself */
export function startUpdates(options: {
  readonly feed: UpdateConfig;
  /** Where the feed's description was read from. */
  readonly configFile: string;
  readonly env: NodeJS.ProcessEnv;
  readonly isPackaged: boolean;
  readonly onState: (state: UpdateState) => void;
  readonly log: (message: string, details: Record<string, unknown>) => void;
}): Updates | null {
  const updater = updaterFor(options.env);
  if (!updater) return null;
  const { onState, log } = options;
  updater.logger = null;
  updater.autoDownload = true;
  updater.autoInstallOnAppQuit = true;
  updater.allowDowngrade = false;
  updater.allowPrerelease = false;
  updater.forceDevUpdateConfig = !options.isPackaged;
  // Read for the name of its cache only, which may be the app's; any YAML will do, and JSON is.
  updater.updateConfigPath = options.configFile;
  // Two places that a build would name otherwise; the rest of the name is electron-updater's.
  const custom = { provider: 'custom', updateProvider: SignedProvider, feed: options.feed } as const;
  updater.setFeedURL(custom);
  let version = '';
  updater.on('update-available', (info) => {
    version = info.version;
    onState({ state: 'downloading', version, percent: 0 });
  });
  updater.on('download-progress', ({ percent }) => onState({ state: 'downloading', version, percent }));
  updater.on('update-downloaded', (info) => onState({ state: 'ready', version: info.version }));
  updater.on('error', (error) => {
    log('update', { error: error.message });
    onState(refusal(error) ?? { state: 'none' });
  });
  const look = async () => {
    // Told by the event above.
    await updater.checkForUpdates().catch(() => {});
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  void look();
  return { look, stop: () => clearInterval(timer) };
}

/** What is wrong with the update itself; a feed that cannot be reached is not, and is tried again. */
function refusal(error: Error): UpdateState | null {
  if (error.name === 'FeedNotGenuine') return { state: 'refused', reason: error.message };
  if (/checksum mismatch/i.test(error.message))
    return { state: 'refused', reason: 'the downloaded update is not the one that was signed' };
  return null;
}
