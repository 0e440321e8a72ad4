import { expect, test } from 'vitest';
import type { StatusView } from '../protocol/engine-api.ts';
import { type StatusInputs, statusView } from './status.ts';

const spare = {
  slots: 2,
  state: 'computing',
  reason: 'All 2 cores are spare',
  cause: { code: 'free', values: {} },
  transfers: true,
  keepPaused: true,
} as const;
const calm: StatusInputs = {
  decision: spare,
  cores: 2,
  pausedUntil: null,
  isStopping: false,
  isFinishing: false,
  hasProject: true,
  projectsLostAt: null,
  computing: 2,
  preparing: 0,
  diskTrouble: null,
  noCapsule: null,
  isMeasuring: false,
  trouble: null,
  noWork: null,
  isAllowanceUsed: false,
};
const idle = { computing: 0 };

test.each<[string, Partial<StatusInputs>, StatusView['state'], RegExp]>([
  ['computing', {}, 'computing', /^All 2 cores/],
  ['computing while the project is away', { trouble: 'away' }, 'computing', /^All 2 cores/],
  [
    'policy says wait',
    {
      ...idle,
      decision: {
        ...spare,
        slots: 0,
        state: 'waiting',
        reason: 'Waiting: x',
        cause: { code: 'memory', values: {} },
      },
    },
    'waiting',
    /^Waiting: x/,
  ],
  [
    'paused by the person, whatever else',
    {
      trouble: 'away',
      decision: {
        ...spare,
        slots: 0,
        state: 'paused',
        reason: 'Paused by you',
        cause: { code: 'paused', values: { minutesLeft: null } },
      },
    },
    'paused',
    /^Paused/,
  ],
  ['no project', { ...idle, hasProject: false }, 'attention', /invitation/],
  [
    'the list of projects was damaged',
    { ...idle, hasProject: false, projectsLostAt: '/data/membership.json.damaged-1' },
    'attention',
    /^The list of your projects was damaged and is kept as \/data/,
  ],
  [
    'disk full',
    { ...idle, diskTrouble: { why: 'full', words: 'the disk is full; free some' } },
    'attention',
    /^The disk is full/,
  ],
  ['no capsule', { ...idle, noCapsule: 'QEMU is missing; install it' }, 'attention', /^QEMU/],
  ['first measurement', { ...idle, isMeasuring: true, preparing: 1 }, 'starting', /^Measuring/],
  ['fetching', { ...idle, preparing: 1 }, 'starting', /next work unit/],
  ['offline', { ...idle, trouble: 'p cannot be reached' }, 'offline', /^P cannot be reached/],
  ['no work', { ...idle, noWork: 'all campaigns are complete' }, 'waiting', /No work: all campaigns/],
  ['asked for no more', { ...idle, isAllowanceUsed: true, noWork: 'x' }, 'waiting', /asked for/],
  ['metered', { ...idle, decision: { ...spare, transfers: false } }, 'waiting', /metered/],
  ['just started', idle, 'starting', /Asking/],
  ['stopping', { isStopping: true }, 'stopping', /Stopping/],
])('%s', (_, change, state, words) => {
  const view = statusView({ ...calm, ...change });
  expect(view.state).toBe(state);
  expect(view.reason).toMatch(words);
});
