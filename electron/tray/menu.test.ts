import { expect, test } from 'vitest';
import { Preferences } from '../../protocol/preferences.ts';
import type { EngineProcess } from '../../protocol/shell.ts';
import { type EngineView, NOTHING_KNOWN } from '../engine/view.ts';
import { type MenuFacts, type MenuLine, reasonLine, secondsUntilTomorrow, trayMenu } from './menu.ts';
import { trayState } from './state.ts';

const RUNNING: EngineProcess = { state: 'running', url: 'http://127.0.0.1:1', token: 't', ours: true };
const view = (
  state: string,
  cause: string,
  values: Record<string, string | number | null> = {},
): EngineView => ({
  ...NOTHING_KNOWN,
  status: { state, reason: 'In the engine’s own words', cause: { code: cause, values } },
  preferences: Preferences.parse({}),
});
const facts = (change: Partial<MenuFacts>): MenuFacts => ({
  engine: RUNNING,
  view: view('computing', 'free'),
  language: 'en',
  isFinishing: false,
  ...change,
});
const ids = (given: MenuFacts) =>
  trayMenu(given).flatMap((entry) => (entry === 'separator' || entry.enabled === false ? [] : [entry.id]));

test('the icon says what the engine says; an engine that is not there is offline, one that is given up needs the person', () => {
  const states = [
    'computing',
    'paused',
    'attention',
    'offline',
    'waiting',
    'starting',
    'stopping',
    'of a newer engine',
  ];
  expect(states.map((state) => trayState(RUNNING, view(state, 'free')))).toEqual([
    ...['computing', 'paused', 'attention', 'offline'],
    ...['waiting', 'waiting', 'waiting', 'waiting'],
  ]);
  const restarting: EngineProcess = { state: 'restarting', inSeconds: 1, reason: 'r' };
  expect(trayState(restarting, NOTHING_KNOWN)).toBe('offline');
  expect(trayState({ state: 'failed', reason: 'r' }, NOTHING_KNOWN)).toBe('attention');
  expect(trayState(RUNNING, NOTHING_KNOWN)).toBe('waiting');
});

test('what can be chosen depends on what there is', () => {
  const rest = ['open', 'contribution', 'preferences'];
  expect(ids(facts({}))).toEqual(['pause', 'share', ...rest, 'finish', 'quit']);
  expect(ids(facts({ view: view('paused', 'paused') }))).toEqual([
    'resume',
    'share',
    ...rest,
    'finish',
    'quit',
  ]);
  expect(ids(facts({ engine: { state: 'failed', reason: 'r' }, view: NOTHING_KNOWN }))).toEqual([
    'try-again',
    ...rest,
    'quit',
  ]);
  expect(ids(facts({ isFinishing: true }))).toEqual([...rest, 'quit']);
});

test('the level that is set is the one marked', () => {
  const share = trayMenu(facts({})).find(
    (entry): entry is MenuLine => entry !== 'separator' && entry.id === 'share',
  );
  expect(share?.below?.filter(({ checked }) => checked).map(({ id }) => id)).toEqual(['share-half']);
});

test('the reason is in the engine’s words in English and by its cause elsewhere; without a value its part is left out', () => {
  const paused = view('paused', 'paused', { minutesLeft: 12 });
  expect(reasonLine(facts({ view: paused }))).toBe('In the engine’s own words');
  expect(reasonLine(facts({ view: paused, language: 'de' }))).toBe('Pause: noch 12 min');
  expect(reasonLine(facts({ view: view('paused', 'paused', { minutesLeft: null }), language: 'de' }))).toBe(
    'Pause',
  );
  expect(reasonLine(facts({ view: view('waiting', 'of-a-newer-engine'), language: 'fr' }))).toBe(
    'In the engine’s own words',
  );
});

test('hostile words of a project stay one short line that goes one way', () => {
  const status = { state: 'waiting', reason: `\u202egnp.exe\n${'x'.repeat(1_000_000)}`, cause: null };
  const [head] = trayMenu(facts({ view: { ...NOTHING_KNOWN, status } }));
  expect(head !== 'separator' && head?.label.length).toBe(90);
  expect(head !== 'separator' && head?.label).not.toMatch(/[\u202e\n]/);
});

test('until tomorrow is until the morning', () => {
  expect(secondsUntilTomorrow(new Date(2026, 10, 28, 22, 0))).toBe(8 * 3600);
  expect(secondsUntilTomorrow(new Date(2026, 10, 29, 1, 30))).toBe(4.5 * 3600);
  expect(secondsUntilTomorrow(new Date(2026, 10, 29, 6, 0))).toBe(24 * 3600);
});
