import { describe, expect, it } from 'vitest';
import { type EngineState, EngineState as Schema } from '../protocol/engine-api.ts';
import { Preferences } from '../protocol/preferences.ts';
import { BEAT_MS, type StateChange, StateStore } from './state.ts';
import { ManualClock } from './testkit/clock.ts';
import { initialState } from './testkit/state.ts';

function store() {
  const clock = new ManualClock();
  const state = new StateStore(initialState(), clock);
  const seen: StateChange[] = [];
  state.subscribe((change) => seen.push(change));
  return { clock, state, seen };
}
const busy = (others: number): EngineState['cores'] => [{ index: 0, others, ours: 0 }];

describe('StateStore', () => {
  it('starts from a state that fits the schema', () => {
    expect(Schema.parse(initialState())).toEqual(initialState());
  });

  it('tells a change at once and an equal value never', () => {
    const { state, seen } = store();
    state.set('preferences', Preferences.parse({ maxCores: 3 }));
    state.set('preferences', Preferences.parse({ maxCores: 3 }));
    expect(seen).toEqual([{ resource: 'preferences', value: Preferences.parse({ maxCores: 3 }) }]);
  });

  it('coalesces frequent changes: the first at once, then only the last of each beat', () => {
    const { clock, state, seen } = store();
    for (let i = 1; i <= 200; i++) {
      clock.advance(BEAT_MS / 100);
      state.set('cores', busy(i / 200));
    }
    clock.advance(10_000);
    expect(seen.length).toBe(3);
    expect(seen[0]?.value).toEqual(busy(0.005));
    expect(seen.at(-1)?.value).toEqual(busy(1));
  });

  it('tells all that moves on one beat, each as often as its own number of beats', () => {
    const { clock, state, seen } = store();
    const rate = (eventsPerSecond: number) =>
      state.update('contribution', (now) => ({ ...now, eventsPerSecond }));
    state.set('cores', busy(0.1));
    clock.advance(800);
    rate(1);
    state.set('cores', busy(0.2));
    state.set('filled', { point: 'z', events: 1, counts: {} });
    expect(seen.map(({ resource }) => resource)).toEqual(['cores']);
    clock.advance(BEAT_MS - 800);
    expect(seen.map(({ resource }) => resource).sort()).toEqual(['contribution', 'cores', 'cores', 'filled']);
    state.set('filled', { point: 'z', events: 2, counts: {} });
    clock.advance(2 * BEAT_MS);
    expect(seen.length).toBe(4);
    clock.advance(BEAT_MS);
    expect(seen.at(-1)).toMatchObject({ resource: 'filled', value: { events: 2 } });
    clock.advance(10_000);
    expect(clock.pending).toBe(0);
  });

  it('shows the latest value in the snapshot even while listeners are held', () => {
    const { state, seen } = store();
    state.set('cores', busy(0.1));
    state.set('cores', busy(0.2));
    expect(seen.length).toBe(1);
    expect(state.snapshot().cores).toEqual(busy(0.2));
    expect(state.get('cores')).toEqual(busy(0.2));
  });

  it('does not hold one resource for another', () => {
    const { state, seen } = store();
    state.set('cores', busy(0.1));
    state.update('status', (status) => ({ ...status, reason: 'you are compiling' }));
    expect(seen.map((change) => change.resource)).toEqual(['cores', 'status']);
  });

  it('leaves no timer behind when closed, and tells nobody any more', () => {
    const { clock, state, seen } = store();
    state.set('cores', busy(0.1));
    state.set('cores', busy(0.2));
    state.close();
    clock.advance(5000);
    expect(clock.pending).toBe(0);
    expect(seen.length).toBe(1);
  });
});
