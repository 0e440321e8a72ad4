import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ControlError, type EngineControl } from '../../engine/api/control.ts';
import { startApi } from '../../engine/api/index.ts';
import { type Clock, systemClock } from '../../engine/clock.ts';
import { StateStore } from '../../engine/state.ts';
import { makeLogger } from '../../platform/log.ts';
import type { EngineState, ProjectView } from '../../protocol/engine-api.ts';
import { busyState } from './states.ts';

/** Its beat is thirty times as quick: a test waits for each. */
const QUICK: Clock = {
  ...systemClock,
  after: (ms, action) => systemClock.after(ms / 30, action),
};

const BUILT_PAGE = fileURLToPath(new URL('../../build/renderer', import.meta.url));

/** The engine as far as a page can tell: its real store behind its real API. */
export interface PageEngine {
  readonly url: string;
  readonly token: string;
  readonly store: StateStore;
  /** What the page asked for, in order. */
  readonly asked: string[];
  /** Sets everything anew. */
  replace(state: EngineState): void;
  close(): Promise<void>;
}

/** Does to the state what the engine would, without cores, capsules or a project behind it. */
export class PageControl implements EngineControl {
  readonly asked: string[] = [];
  #store: StateStore;
  #project: ProjectView | null;

  constructor(store: StateStore, project: ProjectView | null) {
    this.#store = store;
    this.#project = project;
  }

  async pause(forSeconds: number | null): Promise<void> {
    this.asked.push(`pause ${forSeconds}`);
    const pausedUntil = forSeconds === null ? null : new Date(Date.now() + forSeconds * 1000).toISOString();
    this.#store.update('status', (now) => ({
      ...now,
      state: 'paused',
      reason: 'Paused by you',
      cause: { code: 'paused', values: { minutesLeft: forSeconds === null ? null : forSeconds / 60 } },
      slots: 0,
      pausedUntil,
    }));
  }

  async resume(): Promise<void> {
    this.asked.push('resume');
    this.#store.update('status', (now) => ({
      ...now,
      state: 'computing',
      reason: 'All cores are free',
      cause: { code: 'free', values: {} },
      slots: now.cores,
      pausedUntil: null,
    }));
  }

  async join(invitation: string): Promise<ProjectView> {
    this.asked.push(`join ${invitation}`);
    if (!invitation.startsWith('beamtime://') || !this.#project)
      throw new ControlError('invalid', `"${invitation}" is not an invitation`, 'invitation');
    this.#store.set('projects', [this.#project]);
    return this.#project;
  }

  setPreferences = async () => {};
  doctor = async () => [];
  history = async () => [];
  preview = async (): Promise<never> => {
    throw new ControlError('unreachable', 'there is no project behind this page');
  };
  leave = async () => {};
  attach = async () => ({ name: 'Ada' });
  owner = async () => ({ name: null });
  detach = async () => {};
  setShares = async () => {};
  power = async () => {};
  retry = async () => {
    this.asked.push('retry');
  };
  remedy = async () => null;
  report = async () => '';
  units = async () => ({ units: [], next: null, total: 0 });
  share = async () => [];
  log = async () => [];
  console = async () => null;
  stop = async () => {};
}

/** @param endpointFile where a desktop shell looks for an engine that runs already */
export async function startPageEngine(
  state: EngineState,
  at: { port: number; token: string } = { port: 0, token: randomBytes(32).toString('base64url') },
  endpointFile: string | null = null,
): Promise<PageEngine> {
  const store = new StateStore(state, QUICK);
  const control = new PageControl(store, state.projects[0] ?? busyState().projects[0] ?? null);
  const api = await startApi({
    store,
    control,
    ...at,
    rendererFolder: BUILT_PAGE,
    endpointFile,
    log: makeLogger('page-test'),
  });
  return {
    url: api.url,
    token: at.token,
    store,
    asked: control.asked,
    replace(next) {
      for (const key of Object.keys(next) as (keyof EngineState)[]) store.set(key, next[key]);
    },
    close() {
      store.close();
      return api.close();
    },
  };
}
