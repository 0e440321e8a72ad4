import type { EngineState } from '../../protocol/engine-api.ts';
import { Preferences } from '../../protocol/preferences.ts';

/** An engine that has just started and joined nothing. */
export function initialState(): EngineState {
  return {
    status: { state: 'starting', reason: 'Starting', slots: 0, cores: 2, pausedUntil: null },
    cores: [],
    running: [],
    finished: [],
    histograms: null,
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
    project: null,
    preferences: Preferences.parse({}),
    engineVersion: '0.1.0',
  };
}
