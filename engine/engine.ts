import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import { makeFolder } from '../platform/files.ts';
import { FolderInUse, type FolderLock, lockFolder } from '../platform/folder-lock.ts';
import type { Logger } from '../platform/log.ts';
import type { EngineState } from '../protocol/engine-api.ts';
import { startApi } from './api/index.ts';
import type { CapsuleKind } from './capsules/capsule.ts';
import { type Clock, systemClock } from './clock.ts';
import { Control } from './control.ts';
import { Core } from './core.ts';
import { EngineStartError } from './errors.ts';
import { type EngineFiles, engineFiles } from './filenames.ts';
import { firstState } from './first-state.ts';
import { joinAtStart } from './join-at-start.ts';
import { checkFacts } from './machine.ts';
import { noticesOf } from './notices.ts';
import { loadPause } from './pause-file.ts';
import { loadPreferences } from './preferences.ts';
import { StateStore } from './state.ts';
import { diskTrouble } from './work/index.ts';

export const ENGINE_VERSION = '0.1.0';

export interface EngineOptions {
  /** Everything the engine keeps is here; made if missing. One engine at a time. */
  readonly dataFolder: string;
  /** Of the local API on 127.0.0.1; 0: any free one. */
  readonly port: number;
  /** Built page to serve; null: API only. */
  readonly rendererFolder: string | null;
  readonly log: Logger;
  /** Takes at most this many units in its life, then asks for no more; null: any number. */
  readonly maxUnits?: number | null;
  /** Stands above the preferences for this life of the engine. */
  readonly capsule?: CapsuleKind | null;
  /** At least one slot computes whatever others do with the machine; the person's pause still holds. */
  readonly insist?: boolean;
  /** A project to join at start where this is not yet its member; goes on trying while it cannot be reached. */
  readonly invitation?: string | null;
  readonly clock?: Clock;
  /** In [0, 1); decides jitter. */
  readonly random?: () => number;
}

export interface RunningEngine {
  readonly url: string;
  readonly token: string;
  /** What it does just now, as GET /state says it. */
  state(): EngineState;
  /** Resolves when the engine has ended, by close() or by a client's wish. */
  readonly ended: Promise<void>;
  /** Stops all capsules and the API; what was computed is kept for the next start. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts the volunteer's engine in this process.
 * @throws EngineStartError with words for a person
 */
export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  const files = engineFiles(options.dataFolder);
  const lock = await takeFolder(files);
  try {
    await sweep(files);
    return await assemble(options, files, lock);
  } catch (error) {
    await lock.release();
    throw startError(error, files);
  }
}

async function assemble(
  options: EngineOptions,
  files: EngineFiles,
  lock: FolderLock,
): Promise<RunningEngine> {
  const { log } = options;
  const clock = options.clock ?? systemClock;
  const { preferences, damagedAt } = await loadPreferences(files.preferences);
  const factsDamagedAt = await checkFacts(files.machine);
  const cores = os.availableParallelism?.() ?? os.cpus().length;
  const store = new StateStore(firstState(preferences, cores, ENGINE_VERSION), clock);
  const core = new Core({
    files,
    log,
    clock,
    random: options.random ?? Math.random,
    cores,
    maxUnits: options.maxUnits ?? null,
    capsule: options.capsule ?? null,
    insist: options.insist ?? false,
    version: ENGINE_VERSION,
    preferences,
    pause: await loadPause(files.machine, clock),
    store,
  });
  const notices = () =>
    noticesOf({
      preferences: damagedAt,
      memberships: core.memberships.damagedAt,
      facts: factsDamagedAt,
      history: core.history.damagedAt,
    });
  const closing = new AbortController();
  let ending: Promise<void> | null = null;
  const end = (finish: boolean) => {
    ending ??= (async () => {
      if (finish) await core.finish();
      closing.abort();
      // Capsules first: what they hold is the machine's; then nobody is left to tell.
      await core.close();
      await api.close();
      store.close();
      await lock.release();
      log.info('engine ended');
    })();
    return ending;
  };
  let hasEnded: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    hasEnded = resolve;
  });
  let token = '';
  const control = new Control({
    core,
    doctor: async () => {
      const { examine } = await import('./doctor/index.ts');
      const { preferences: now, memberships } = core;
      return examine({ files, preferences: now, memberships: memberships.joined, notices: notices(), clock });
    },
    stop: (finish) => void end(finish).finally(hasEnded),
    token: () => token,
  });
  await core.start();
  for (const notice of notices()) log.error(notice, 'a damaged file was put aside');
  const api = await startApi({
    store,
    control,
    port: options.port,
    rendererFolder: options.rendererFolder,
    endpointFile: files.endpoint,
    log,
  }).catch(async (error: unknown) => {
    await core.close();
    throw error;
  });
  token = api.token;
  log.info({ url: api.url, dataFolder: files.dataFolder }, 'engine started');
  if (options.invitation) void joinAtStart(core, options.invitation, clock, closing.signal, log);
  return {
    url: api.url,
    token: api.token,
    state: () => store.snapshot(),
    ended,
    close: () => end(false).finally(hasEnded),
  };
}

async function takeFolder(files: EngineFiles): Promise<FolderLock> {
  try {
    await makeFolder(files.dataFolder, 0o700);
    return await lockFolder(files.lock);
  } catch (error) {
    throw startError(error, files);
  }
}

/** What a killed engine left behind and nobody needs: the endpoint of a dead process, sockets and marks of its capsules. */
async function sweep(files: EngineFiles): Promise<void> {
  await rm(files.endpoint, { force: true });
  if (existsSync(files.run)) await (await import('./capsules/qemu/sweep.ts')).sweepQemu(files);
}

function startError(error: unknown, files: EngineFiles): unknown {
  if (error instanceof EngineStartError) return error;
  if (error instanceof FolderInUse) {
    return new EngineStartError(`another engine already runs in ${files.dataFolder}: ${error.message}`, {
      cause: error,
    });
  }
  const trouble = diskTrouble(error);
  if (trouble) {
    return new EngineStartError(
      `the data folder ${files.dataFolder} cannot be used: ${trouble.words}; or choose another one`,
      { cause: error },
    );
  }
  return error;
}
