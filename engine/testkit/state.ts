import type { EngineState } from '../../protocol/engine-api.ts';
import { Preferences } from '../../protocol/preferences.ts';
import { firstState } from '../first-state.ts';

/** An engine that has just started and joined nothing. */
export function initialState(): EngineState {
  return firstState(Preferences.parse({}), 2, '0.1.0');
}
