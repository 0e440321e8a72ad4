import type { EngineState } from '../protocol/engine-api.ts';
import type { Preferences } from '../protocol/preferences.ts';

/** What clients see before anything has been looked at. */
export function firstState(preferences: Preferences, cores: number, engineVersion: string): EngineState {
  return {
    status: {
      state: 'starting',
      reason: 'Starting',
      cause: { code: 'preparing', values: {} },
      slots: 0,
      cores,
      pausedUntil: null,
    },
    cores: [],
    running: [],
    finished: [],
    histograms: null,
    filled: null,
    lastEvent: null,
    contribution: {
      eventsComputed: 0,
      eventsValid: 0,
      unitsValid: 0,
      unitsPending: 0,
      unitsInvalid: 0,
      creditMicroseconds: 0,
      eventsPerSecond: 0,
      since: null,
    },
    capsules: [],
    calibrations: [],
    projects: [],
    preferences,
    engineVersion,
  };
}
