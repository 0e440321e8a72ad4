import { describe, expect, test } from 'vitest';
import type { ResultVerdict } from '../../protocol/project-api.ts';
import {
  IllegalTransition,
  type Measures,
  NEW_UNIT,
  type Outcome,
  transition,
  type UnitEvent,
  UnitState,
  type UnitStateName,
} from './machine.ts';

const AT = '2026-11-24T12:00:00.000Z';
const measures: Measures = {
  capsule: 'wasm',
  accelerator: null,
  bootMs: null,
  restoreMs: null,
  firstEventMs: 10,
  seconds: 5,
  cpuSeconds: 4,
  finishedAt: AT,
};
const outcome: Outcome = {
  kind: 'outputs',
  outputHash: 'a'.repeat(64),
  files: [{ path: 'blocks.jsonl', sha256: 'b'.repeat(64), bytes: 3 }],
};
const attempt = { capsule: 'wasm', reason: 'it broke', exitStatus: 1, consoleTail: 'oh' };
const failure: Outcome = { kind: 'failure', reason: 'it broke', exitStatus: 1, consoleTail: 'oh' };
const verdict = (state: ResultVerdict['state']): ResultVerdict => ({
  lease: 'l1',
  state,
  creditMicroseconds: 0,
  reason: null,
});

const past = { attempts: [], interruptions: 0 };
const STATES: Record<UnitStateName, UnitState> = {
  leased: NEW_UNIT,
  fetching: { state: 'fetching', ...past },
  ready: { state: 'ready', ...past },
  running: { state: 'running', ...past, capsule: 'wasm' },
  finished: { state: 'finished', ...past, measures, outcome },
  uploading: { state: 'uploading', ...past, measures, outcome },
  failed: { state: 'failed', ...past, measures, outcome: failure },
  reported: { state: 'reported', ...past, measures, outcome, reportedAt: AT },
  decided: { state: 'decided', ...past, measures, outcome, verdict: verdict('valid') },
  abandoned: { state: 'abandoned', ...past, reason: 'left', tell: true, result: null },
};

const EVENTS: Record<string, UnitEvent> = {
  fetchStarted: { event: 'fetchStarted' },
  fetched: { event: 'fetched' },
  fetchFailed: { event: 'fetchFailed' },
  started: { event: 'started', capsule: 'wasm' },
  exited: { event: 'exited', outcome, measures },
  brokeOnce: { event: 'brokeOnce', attempt },
  brokeForGood: { event: 'brokeForGood', attempt, measures },
  interrupted: { event: 'interrupted' },
  programMissing: { event: 'programMissing' },
  uploadStarted: { event: 'uploadStarted' },
  uploadStopped: { event: 'uploadStopped' },
  outputsLost: { event: 'outputsLost' },
  'reported pending': { event: 'reported', verdict: verdict('pending'), at: AT },
  'reported valid': { event: 'reported', verdict: verdict('valid'), at: AT },
  'decided pending': { event: 'decided', verdict: verdict('pending') },
  'decided valid': { event: 'decided', verdict: verdict('valid') },
  abandoned: { event: 'abandoned', reason: 'left', tell: true },
  engineStarted: { event: 'engineStarted' },
};

/** Event -> where it leads from each state that takes it; every other pair is refused. */
const TABLE: Record<string, Partial<Record<UnitStateName, UnitStateName>>> = {
  fetchStarted: { leased: 'fetching' },
  fetched: { fetching: 'ready' },
  fetchFailed: { fetching: 'leased' },
  started: { ready: 'running' },
  exited: { running: 'finished' },
  brokeOnce: { running: 'ready' },
  brokeForGood: { running: 'failed' },
  interrupted: { running: 'ready' },
  programMissing: { ready: 'leased' },
  uploadStarted: { finished: 'uploading' },
  uploadStopped: { uploading: 'finished' },
  outputsLost: { finished: 'ready', uploading: 'ready' },
  'reported pending': { uploading: 'reported', failed: 'reported' },
  'reported valid': { uploading: 'decided', failed: 'decided' },
  'decided pending': {},
  'decided valid': { reported: 'decided' },
  abandoned: {
    leased: 'abandoned',
    fetching: 'abandoned',
    ready: 'abandoned',
    running: 'abandoned',
    finished: 'abandoned',
    uploading: 'abandoned',
    failed: 'abandoned',
    reported: 'abandoned',
  },
  engineStarted: {
    leased: 'leased',
    fetching: 'leased',
    ready: 'ready',
    running: 'ready',
    finished: 'finished',
    uploading: 'finished',
    failed: 'failed',
    reported: 'reported',
    decided: 'decided',
    abandoned: 'abandoned',
  },
};

describe('every event in every state', () => {
  for (const [name, event] of Object.entries(EVENTS)) {
    for (const [from, state] of Object.entries(STATES) as [UnitStateName, UnitState][]) {
      const to = TABLE[name]?.[from];
      test(`${from} + ${name} -> ${to ?? 'refused'}`, () => {
        if (to === undefined) {
          expect(() => transition(state, event)).toThrow(IllegalTransition);
        } else {
          const next = transition(state, event);
          expect(next.state).toBe(to);
          expect(UnitState.parse(JSON.parse(JSON.stringify(next)))).toEqual(next);
        }
      });
    }
  }
});

test('what is reported is fixed when the run ends and carried unchanged', () => {
  let state = transition(STATES.running, { event: 'exited', outcome, measures });
  const fixed = JSON.stringify(state.state === 'finished' && [state.outcome, state.measures]);
  for (const event of ['uploadStarted', 'uploadStopped', 'uploadStarted'] as const)
    state = transition(state, { event });
  state = transition(state, { event: 'reported', verdict: verdict('pending'), at: AT });
  expect(JSON.stringify(state.state === 'reported' && [state.outcome, state.measures])).toBe(fixed);
});

test('broken runs are remembered as attempts, interrupted ones only counted', () => {
  const broken = transition(STATES.running, { event: 'brokeOnce', attempt });
  expect(broken).toEqual({ state: 'ready', attempts: [attempt], interruptions: 0 });
  const interrupted = transition(STATES.running, { event: 'interrupted' });
  expect(interrupted).toEqual({ state: 'ready', attempts: [], interruptions: 1 });
  expect(transition(STATES.running, { event: 'engineStarted' }).interruptions).toBe(1);
});

test('what was computed is remembered when it is given up after all', () => {
  const given = transition(STATES.reported, { event: 'abandoned', reason: 'lost', tell: false });
  expect(given).toMatchObject({ state: 'abandoned', result: { measures, outcome } });
});
