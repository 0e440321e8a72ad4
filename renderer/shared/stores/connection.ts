import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { EngineResource, EngineState } from '../../../protocol/engine-api.ts';
import { type EngineClient, makeEngineClient } from '../api/client.ts';
import { ProtocolMismatch, TokenRefused } from '../api/errors.ts';
import { followEngine, type StateStream, type StreamStatus } from '../api/stream.ts';
import { Seen } from '../use/pace.ts';
import { goesOn } from './goes-on.ts';
import * as resources from './resources.ts';

type Sinks = { readonly [K in EngineResource]: (value: EngineState[K]) => void };
type Questions = { readonly [K in EngineResource]?: (value: EngineState[K]) => boolean };

export type ConnectionStatus = StreamStatus | { readonly state: 'no-token' };

/** The one connection of a window to its engine: fills the resource stores and carries the actions. */
export const useConnection = defineStore('connection', () => {
  const status = shallowRef<ConnectionStatus>({ state: 'connecting' });
  /** A snapshot has come at least once: what the stores hold is real, if perhaps old. */
  const known = ref(false);
  /** When the engine last said anything, ms since the epoch. */
  const heardAt = ref(0);
  /** The engine has not answered since this page was loaded. */
  const failedBefore = ref(false);
  const live = computed(() => status.value.state === 'live');
  let client: EngineClient | null = null;
  let stream: StateStream | null = null;

  const shownStatus = resources.useStatus();
  const sinks: Sinks = {
    status: shownStatus.put,
    cores: resources.useCores().put,
    running: resources.useRunning().put,
    finished: resources.useFinished().put,
    histograms: resources.useHistograms().put,
    filled: resources.useFilled().put,
    lastEvent: resources.useLastEvent().put,
    contribution: resources.useContribution().put,
    capsules: resources.useCapsules().put,
    calibrations: resources.useCalibrations().put,
    projects: resources.useProjects().put,
    preferences: resources.usePreferences().put,
    engineVersion: resources.useEngineVersion().put,
  };

  const seen = new Seen();
  const always = () => true;
  /** Nobody misses it who does not look: drawn and not spoken, or only how the same goes on. */
  const mayWait: Questions = {
    status: (next) => goesOn(shownStatus.value, next),
    cores: always,
    running: always,
    finished: always,
    filled: always,
    lastEvent: always,
    contribution: always,
    projects: always,
  };

  function place<K extends EngineResource>(key: K, value: EngineState[K]): void {
    sinks[key](value);
  }
  function put<K extends EngineResource>(key: K, value: EngineState[K]): void {
    heardAt.value = Date.now();
    seen.show(key, () => place(key, value), mayWait[key]?.(value) ?? false);
  }

  /** Follows the engine that answers there. @param token null: there is none, and nothing is followed */
  function open(origin: string, token: string | null): void {
    stream?.close();
    failedBefore.value = false;
    if (token === null) {
      status.value = { state: 'no-token' };
      return;
    }
    client = makeEngineClient(origin, token);
    stream = followEngine(client, {
      onStatus: (next) => {
        status.value = next;
        if (next.state === 'lost') failedBefore.value = true;
      },
      onSnapshot: (state) => {
        seen.forget();
        for (const key of Object.keys(sinks) as EngineResource[]) place(key, state[key]);
        heardAt.value = Date.now();
        known.value = true;
      },
      onDelta: put,
    });
  }

  /** Asks the engine; what can only be mended outside of the page changes the whole page. */
  async function ask<T>(action: (client: EngineClient) => Promise<T>): Promise<T> {
    if (!client) throw new TokenRefused();
    try {
      return await action(client);
    } catch (error) {
      if (error instanceof TokenRefused) status.value = { state: 'refused' };
      if (error instanceof ProtocolMismatch) status.value = { state: 'mismatch' };
      throw error;
    }
  }

  return {
    status,
    known,
    failedBefore,
    heardAt,
    live,
    open,
    ask,
    retryNow: () => stream?.retryNow(),
    reload: () => location.reload(),
  };
});
