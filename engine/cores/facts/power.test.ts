import { expect, test } from 'vitest';
import type { PowerReport } from '../../../protocol/engine-api.ts';
import { type Facts, NO_FACTS } from '../situation.ts';
import { withPower } from './power.ts';

const SILENT: PowerReport = {
  ...{ onBattery: null, idleSeconds: null, screenLocked: null, suspending: false, thermal: null },
};

test.each<[string, Partial<Facts>, Partial<PowerReport>, Partial<Facts>]>([
  ['nothing known by the shell', { personIdleSeconds: 7 }, {}, { personIdleSeconds: 7, battery: null }],
  [
    'battery, where the engine sees none',
    {},
    { onBattery: true },
    { battery: { discharging: true, percent: null } },
  ],
  [
    'the mains against what the engine read, with its charge',
    { battery: { discharging: true, percent: 40 } },
    { onBattery: false },
    { battery: { discharging: false, percent: 40 } },
  ],
  ['idle, where the engine cannot tell', {}, { idleSeconds: 500 }, { personIdleSeconds: 500 }],
  ['somebody at a terminal', { personIdleSeconds: 3 }, { idleSeconds: 500 }, { personIdleSeconds: 3 }],
  ['somebody at the screen', { personIdleSeconds: 900 }, { idleSeconds: 0 }, { personIdleSeconds: 0 }],
  [
    'locked: nobody is there, and no film is watched',
    { personIdleSeconds: 1, fullScreen: true },
    { screenLocked: true, idleSeconds: 1 },
    { personIdleSeconds: Number.POSITIVE_INFINITY, fullScreen: false },
  ],
  [
    'going to sleep, hot',
    {},
    { suspending: true, thermal: 'serious' },
    { suspending: true, thermal: 'serious' },
  ],
])('%s', (_, own, report, expected) => {
  expect(withPower({ ...NO_FACTS, ...own }, { ...SILENT, ...report })).toMatchObject(expected);
});

test('no report changes nothing', () => {
  expect(withPower(NO_FACTS, null)).toBe(NO_FACTS);
});
