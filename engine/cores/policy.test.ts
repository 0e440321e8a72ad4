import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Preferences } from '../../protocol/preferences.ts';
import { type Decision, decide, FRESH, type PolicyMemory } from './policy.ts';
import { type Facts, momentOf, NO_FACTS, type Pause, type Situation } from './situation.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MIDDAY = new Date(2026, 10, 24, 12, 0).getTime();
const AWAY: Facts = { ...NO_FACTS, personIdleSeconds: 3600, memoryAvailableMb: 16_000 };

/** What a step may change; everything else stays as the step before left it. */
interface Step {
  readonly afterMs?: number;
  readonly cores?: number;
  readonly others?: number;
  readonly busyWith?: string | null;
  readonly capsules?: number;
  readonly promisedMemoryMb?: number;
  readonly facts?: Partial<Facts>;
  readonly preferences?: Partial<Preferences>;
  readonly pause?: Pause | null;
  readonly wallJumpMs?: number;
}

/** Plays steps at the monitor's pace, a decision each 250 ms, and tells every decision of the last step. */
function play(steps: readonly Step[], start = MIDDAY): Decision[] {
  let situation: Situation = {
    cores: 8,
    othersBusy: 0,
    busyWith: null,
    facts: AWAY,
    capsules: 0,
    capsuleMemoryMb: 256,
    promisedMemoryMb: 0,
  };
  let preferences = Preferences.parse({});
  let pause: Pause | null = null;
  let memory: PolicyMemory = FRESH;
  let monotonic = 0;
  let wall = start;
  let last: Decision[] = [];
  for (const step of steps) {
    wall += step.wallJumpMs ?? 0;
    situation = {
      ...situation,
      cores: step.cores ?? situation.cores,
      othersBusy: step.others ?? situation.othersBusy,
      busyWith: step.busyWith === undefined ? situation.busyWith : step.busyWith,
      capsules: step.capsules ?? situation.capsules,
      promisedMemoryMb: step.promisedMemoryMb ?? situation.promisedMemoryMb,
      facts: { ...situation.facts, ...step.facts },
    };
    preferences = { ...preferences, ...step.preferences };
    if (step.pause !== undefined) pause = step.pause;
    last = [];
    for (let left = step.afterMs ?? 250; left > 0; left -= 250) {
      monotonic += 250;
      wall += 250;
      const made = decide(situation, preferences, pause, memory, momentOf(wall, monotonic));
      memory = made.memory;
      last.push(made.decision);
    }
  }
  return last;
}

const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, 22 + day, hour, minute).getTime();
const nights = [{ days: [0, 1, 2, 3, 4, 5, 6], fromMinute: 22 * 60, toMinute: 6 * 60 }];
const fridayNight = [{ days: [5], fromMinute: 22 * 60, toMinute: 6 * 60 }];

interface Row {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly start?: number;
  readonly slots: number;
  readonly state?: Decision['state'];
  readonly reason?: RegExp | string;
  readonly transfers?: boolean;
  readonly keepPaused?: boolean;
}

const TABLE: readonly Row[] = [
  // What only a desktop shell knows.
  {
    name: 'the machine goes to sleep: everything stops at once, and stays in memory',
    steps: [{}, { facts: { suspending: true }, capsules: 4 }],
    slots: 0,
    state: 'waiting',
    reason: 'Waiting: the computer is going to sleep',
    keepPaused: true,
  },
  {
    name: 'it is awake again: everything goes on at once',
    steps: [{}, { facts: { suspending: true } }, { facts: { suspending: false } }],
    slots: 8,
  },
  {
    name: 'the system says that it is critically hot: none, though no sensor tells a figure',
    steps: [{}, { facts: { thermal: 'critical' } }],
    slots: 0,
    reason: 'Waiting: the processor is hot',
  },
  {
    name: 'it says serious: one less, and one less again',
    steps: [
      { afterMs: MINUTE },
      { facts: { thermal: 'serious' } },
      { facts: { thermal: 'serious' }, afterMs: 15_000 },
    ],
    slots: 6,
    reason: '6 of 8 cores: the processor is hot',
  },
  {
    name: 'it says nominal again: one more every half minute',
    steps: [
      { facts: { thermal: 'critical' } },
      { facts: { thermal: 'nominal' }, afterMs: 30_000 },
      { facts: { thermal: 'nominal' }, afterMs: 30_000 },
    ],
    slots: 2,
  },
  // Programs during which nothing is to be computed.
  {
    name: 'one of them runs',
    steps: [{ facts: { program: 'Quake' } }],
    slots: 0,
    reason: 'Waiting: Quake is running, during which you want nothing computed',
  },
  {
    name: 'it has ended, a moment ago and longer ago',
    steps: [{ facts: { program: 'Quake' } }, { facts: { program: null }, afterMs: 6_000 }],
    slots: 8,
  },
  // The load of others.
  {
    name: 'nobody there, nothing runs: all cores',
    steps: [{}],
    slots: 8,
    state: 'computing',
    reason: 'All 8 cores are spare',
  },
  { name: 'one core in all', steps: [{ cores: 1 }], slots: 1, reason: 'The one core is spare' },
  {
    name: 'two busy cores of eight free two slots, not all',
    steps: [{ others: 2 }],
    slots: 6,
    reason: '6 of 8 cores: other programs use 2 cores',
  },
  { name: 'music in the background takes nothing', steps: [{ others: 0.2 }], slots: 8 },
  { name: 'just under what takes a core', steps: [{ others: 0.59 }], slots: 8 },
  {
    name: 'just over what takes a core',
    steps: [{ others: 0.61 }],
    slots: 7,
    reason: '7 of 8 cores: other programs use 1 core',
  },
  {
    name: 'a busy core on a machine of two',
    steps: [{ cores: 2, others: 1, busyWith: 'you are compiling' }],
    slots: 1,
    reason: '1 of 2 cores: you are compiling',
  },
  {
    name: 'a busy core on a machine of one',
    steps: [{ cores: 1, others: 1, busyWith: 'blender is busy' }],
    slots: 0,
    state: 'waiting',
    reason: 'Waiting: blender is busy',
  },
  {
    name: 'everything busy',
    steps: [{ others: 8 }],
    slots: 0,
    state: 'waiting',
    reason: 'Waiting: other programs use 8 cores',
  },
  { name: 'more load than cores (a reading above the truth)', steps: [{ others: 9.7 }], slots: 0 },
  {
    name: 'load appears: fewer slots in the very next decision',
    steps: [{ afterMs: MINUTE }, { others: 3 }],
    slots: 5,
  },
  {
    name: 'load goes: not back at once',
    steps: [
      { others: 3, afterMs: 5000 },
      { others: 0, afterMs: 9750 },
    ],
    slots: 5,
  },
  {
    name: 'load goes: back after ten seconds',
    steps: [
      { others: 3, afterMs: 5000 },
      { others: 0, afterMs: 10_250 },
    ],
    slots: 8,
  },
  {
    name: 'a pause between two compilations shorter than the hold',
    steps: [
      { others: 4, afterMs: 5000 },
      { others: 0, afterMs: 6000 },
      { others: 4, afterMs: 5000 },
      { others: 0, afterMs: 9000 },
    ],
    slots: 4,
  },
  {
    name: 'load falls a little under what took the core: kept',
    steps: [
      { others: 1, afterMs: 1000 },
      { others: 0.4, afterMs: MINUTE },
    ],
    slots: 7,
  },
  {
    name: 'load falls well under it: given back',
    steps: [
      { others: 1, afterMs: 1000 },
      { others: 0.2, afterMs: MINUTE },
    ],
    slots: 8,
  },
  {
    name: 'load falls from four cores to one: three come back, after the hold',
    steps: [
      { others: 4, afterMs: 5000 },
      { others: 1, afterMs: 11_000 },
    ],
    slots: 7,
  },
  // The person.
  {
    name: 'somebody at the keyboard: the half is theirs',
    steps: [{ facts: { personIdleSeconds: 3 } }],
    slots: 4,
    reason: '4 of 8 cores: you are using the computer',
  },
  {
    name: 'nobody can tell: as if somebody were there',
    steps: [{ facts: { personIdleSeconds: null } }],
    slots: 4,
    reason: /in case you are using/,
  },
  { name: 'nobody logged in', steps: [{ facts: { personIdleSeconds: Number.POSITIVE_INFINITY } }], slots: 8 },
  {
    name: 'their programs count in their half, not on top',
    steps: [{ others: 2, facts: { personIdleSeconds: 3 } }],
    slots: 4,
  },
  {
    name: 'their programs need more than their half',
    steps: [{ others: 6, facts: { personIdleSeconds: 3 } }],
    slots: 2,
  },
  { name: 'reads for two minutes: still there', steps: [{ facts: { personIdleSeconds: 150 } }], slots: 4 },
  { name: 'away for three minutes', steps: [{ facts: { personIdleSeconds: 180 } }], slots: 8 },
  {
    name: 'comes back: at once',
    steps: [{ afterMs: MINUTE }, { facts: { personIdleSeconds: 0 } }],
    slots: 4,
  },
  {
    name: 'wants the whole machine while there',
    steps: [{ facts: { personIdleSeconds: 0 }, preferences: { reserveWhileActive: 1 } }],
    slots: 0,
    state: 'waiting',
    reason: 'Waiting: you are using the computer',
  },
  {
    name: 'shares everything while there',
    steps: [{ facts: { personIdleSeconds: 0 }, preferences: { reserveWhileActive: 0 } }],
    slots: 8,
  },
  {
    name: 'a reserve that is no binary fraction: 0.9 of ten cores leaves one',
    steps: [{ cores: 10, facts: { personIdleSeconds: 0 }, preferences: { reserveWhileActive: 0.9 } }],
    slots: 1,
  },
  {
    name: 'one core and half reserved: none while there',
    steps: [{ cores: 1, facts: { personIdleSeconds: 0 } }],
    slots: 0,
  },
  // Battery.
  {
    name: 'on battery',
    steps: [{ facts: { battery: { discharging: true, percent: 90 } } }],
    slots: 0,
    state: 'waiting',
    reason: 'Waiting: the computer runs on battery',
  },
  { name: 'plugged in', steps: [{ facts: { battery: { discharging: false, percent: 30 } } }], slots: 8 },
  {
    name: 'plug pulled: at once',
    steps: [
      { facts: { battery: { discharging: false, percent: 90 } }, afterMs: MINUTE },
      { facts: { battery: { discharging: true, percent: 90 } } },
    ],
    slots: 0,
  },
  {
    name: 'plugged in again: not within ten seconds (a loose plug)',
    steps: [
      { facts: { battery: { discharging: true, percent: 90 } } },
      { facts: { battery: { discharging: false, percent: 90 } }, afterMs: 9000 },
    ],
    slots: 0,
  },
  {
    name: 'allowed on battery',
    steps: [{ facts: { battery: { discharging: true, percent: 90 } }, preferences: { onBattery: true } }],
    slots: 8,
  },
  {
    name: 'allowed on battery, but it is nearly empty',
    steps: [{ facts: { battery: { discharging: true, percent: 19 } }, preferences: { onBattery: true } }],
    slots: 0,
    reason: 'Waiting: the battery is low (19 %)',
  },
  {
    name: 'a low battery a little recovered',
    steps: [
      { facts: { battery: { discharging: true, percent: 19 } }, preferences: { onBattery: true } },
      { facts: { battery: { discharging: true, percent: 22 } }, afterMs: MINUTE },
    ],
    slots: 0,
  },
  {
    name: 'a low battery well recovered',
    steps: [
      { facts: { battery: { discharging: true, percent: 19 } }, preferences: { onBattery: true } },
      { facts: { battery: { discharging: true, percent: 26 } }, afterMs: MINUTE },
    ],
    slots: 8,
  },
  {
    name: 'a battery that does not tell its charge',
    steps: [{ facts: { battery: { discharging: true, percent: null } }, preferences: { onBattery: true } }],
    slots: 8,
  },
  // Temperature.
  { name: 'warm, under the limit', steps: [{ facts: { temperatureC: 79 }, afterMs: MINUTE }], slots: 8 },
  {
    name: 'at the limit: one less',
    steps: [{ afterMs: 1000 }, { facts: { temperatureC: 81 } }],
    slots: 7,
    reason: /^7 of 8 cores: the processor is hot \(about 80 °C\)$/,
  },
  {
    name: 'still at the limit after half a minute: three less',
    steps: [{ afterMs: 1000 }, { facts: { temperatureC: 81 }, afterMs: 31_000 }],
    slots: 5,
  },
  {
    name: 'far over the limit: none at once',
    steps: [{ afterMs: 1000 }, { facts: { temperatureC: 86 } }],
    slots: 0,
    state: 'waiting',
  },
  {
    name: 'a little under the limit again: no more yet',
    steps: [{ facts: { temperatureC: 86 } }, { facts: { temperatureC: 77 }, afterMs: 5 * MINUTE }],
    slots: 0,
  },
  {
    name: 'well under the limit: back step by step',
    steps: [{ facts: { temperatureC: 86 } }, { facts: { temperatureC: 70 }, afterMs: 65_000 }],
    slots: 2,
  },
  {
    name: 'well under the limit for long: all back',
    steps: [{ facts: { temperatureC: 86 } }, { facts: { temperatureC: 70 }, afterMs: 5 * MINUTE }],
    slots: 8,
  },
  {
    name: 'a step less starts from what ran, not from all cores',
    steps: [{ others: 5, afterMs: 1000 }, { facts: { temperatureC: 81 } }],
    slots: 2,
  },
  // Full screen, metered network.
  {
    name: 'a film fills the screen',
    steps: [{ facts: { fullScreen: true } }],
    slots: 0,
    state: 'waiting',
    reason: /fills the screen/,
  },
  {
    name: 'the film is over: not within its hold',
    steps: [{ facts: { fullScreen: true } }, { facts: { fullScreen: false }, afterMs: 14_000 }],
    slots: 0,
  },
  {
    name: 'the film is over for long',
    steps: [{ facts: { fullScreen: true } }, { facts: { fullScreen: false }, afterMs: 16_000 }],
    slots: 8,
  },
  {
    name: 'full screen allowed',
    steps: [{ facts: { fullScreen: true }, preferences: { duringFullScreen: true } }],
    slots: 8,
  },
  {
    name: 'a metered network: computes, transfers nothing',
    steps: [{ facts: { metered: true } }],
    slots: 8,
    transfers: false,
  },
  {
    name: 'a metered network, allowed',
    steps: [{ facts: { metered: true }, preferences: { onMeteredNetwork: true } }],
    slots: 8,
    transfers: true,
  },
  {
    name: 'nobody knows whether the network is metered',
    steps: [{ facts: { metered: null } }],
    slots: 8,
    transfers: true,
  },
  // Schedule.
  { name: 'within the hours', steps: [{ preferences: { schedule: nights } }], start: at(2, 23), slots: 8 },
  {
    name: 'outside the hours',
    steps: [{ preferences: { schedule: nights } }],
    start: at(2, 12),
    slots: 0,
    state: 'waiting',
    reason: 'Waiting: outside your hours, goes on today at 22:00',
  },
  {
    name: 'over midnight: the morning after belongs to the evening',
    steps: [{ preferences: { schedule: fridayNight } }],
    start: at(6, 5, 59),
    slots: 8,
  },
  {
    name: 'over midnight: ends in the morning',
    steps: [{ preferences: { schedule: fridayNight } }],
    start: at(6, 6, 1),
    slots: 0,
    reason: /on Friday at 22:00/,
  },
  {
    name: 'over midnight: Friday morning is not Friday night',
    steps: [{ preferences: { schedule: fridayNight } }],
    start: at(5, 3),
    slots: 0,
    reason: /today at 22:00/,
  },
  {
    name: 'over the end of the week: Saturday night into Sunday',
    steps: [{ preferences: { schedule: [{ days: [6], fromMinute: 1320, toMinute: 360 }] } }],
    start: at(7, 3),
    slots: 8,
  },
  {
    name: 'the hours begin while we wait: at once',
    steps: [{ preferences: { schedule: nights }, afterMs: 30_000 }, { afterMs: 31_000 }],
    start: at(2, 21, 59),
    slots: 8,
  },
  {
    name: 'the day after tomorrow is told by its name, tomorrow as tomorrow',
    steps: [{ preferences: { schedule: [{ days: [3], fromMinute: 480, toMinute: 600 }] } }],
    start: at(2, 20),
    slots: 0,
    reason: /tomorrow at 08:00/,
  },
  // What the person set.
  {
    name: 'a limit of three',
    steps: [{ preferences: { maxCores: 3 } }],
    slots: 3,
    reason: '3 of 8 cores: your settings allow no more',
  },
  {
    name: 'a limit of none',
    steps: [{ preferences: { maxCores: 0 } }],
    slots: 0,
    state: 'waiting',
    reason: 'Waiting: your settings allow no core',
  },
  {
    name: 'a limit above the machine',
    steps: [{ preferences: { maxCores: 64 } }],
    slots: 8,
    reason: 'All 8 cores are spare',
  },
  {
    name: 'a limit and load: the smaller counts, they do not add up',
    steps: [{ others: 2, preferences: { maxCores: 3 } }],
    slots: 3,
  },
  {
    name: 'a raised limit counts at once',
    steps: [{ preferences: { maxCores: 1 }, afterMs: MINUTE }, { preferences: { maxCores: 8 } }],
    slots: 8,
  },
  {
    name: 'paused until resumed',
    steps: [{ pause: { untilWallMs: null, untilMonotonicMs: null }, afterMs: HOUR }],
    slots: 0,
    state: 'paused',
    reason: 'Paused by you until you resume',
  },
  {
    name: 'resumed: at once',
    steps: [{ pause: { untilWallMs: null, untilMonotonicMs: null }, afterMs: MINUTE }, { pause: null }],
    slots: 8,
  },
  {
    name: 'paused for an hour, half of it over',
    steps: [{ pause: { untilWallMs: MIDDAY + HOUR, untilMonotonicMs: HOUR }, afterMs: 30 * MINUTE }],
    slots: 0,
    state: 'paused',
    reason: 'Paused by you for another 30 minutes',
  },
  {
    name: 'paused for an hour, over',
    steps: [{ pause: { untilWallMs: MIDDAY + HOUR, untilMonotonicMs: HOUR }, afterMs: HOUR + 1000 }],
    slots: 8,
  },
  {
    name: 'paused for five hours',
    steps: [{ pause: { untilWallMs: MIDDAY + 5 * HOUR, untilMonotonicMs: 5 * HOUR } }],
    slots: 0,
    reason: 'Paused by you for another 5 hours',
  },
  {
    name: 'a pause is told before a limit of none',
    steps: [{ pause: { untilWallMs: null, untilMonotonicMs: null }, preferences: { maxCores: 0 } }],
    slots: 0,
    state: 'paused',
  },
  {
    name: 'the clock is set back during a pause: it still ends after its hour',
    steps: [
      { pause: { untilWallMs: MIDDAY + HOUR, untilMonotonicMs: HOUR } },
      { wallJumpMs: -24 * HOUR, afterMs: HOUR },
    ],
    slots: 8,
  },
  {
    name: 'the computer slept through the pause (the wall clock went on alone)',
    steps: [{ pause: { untilWallMs: MIDDAY + HOUR, untilMonotonicMs: HOUR } }, { wallJumpMs: 8 * HOUR }],
    slots: 8,
  },
  {
    name: 'the clock jumps a year ahead: holds of load are not cut short',
    steps: [
      { others: 3, afterMs: 5000 },
      { others: 0, wallJumpMs: 8760 * HOUR, afterMs: 5000 },
    ],
    slots: 5,
  },
  {
    name: 'the clock jumps a year back: load is not held for a year',
    steps: [
      { others: 3, afterMs: 5000 },
      { others: 0, wallJumpMs: -8760 * HOUR, afterMs: 11_000 },
    ],
    slots: 8,
  },
  // Memory.
  {
    name: 'memory for five capsules more',
    steps: [{ facts: { memoryAvailableMb: 1024 + 5 * 256 } }],
    slots: 5,
    reason: '5 of 8 cores: memory is short',
  },
  {
    name: 'three run, memory for one more',
    steps: [{ capsules: 3, facts: { memoryAvailableMb: 1024 + 300 } }],
    slots: 4,
  },
  {
    name: 'memory promised but not taken yet counts as taken',
    steps: [{ capsules: 3, promisedMemoryMb: 600, facts: { memoryAvailableMb: 1024 + 700 } }],
    slots: 3,
  },
  {
    name: 'memory runs short: as many stop as it takes, and are not kept',
    steps: [{ capsules: 8, facts: { memoryAvailableMb: 1024 - 300 } }],
    slots: 6,
    keepPaused: false,
  },
  {
    name: 'no memory at all',
    steps: [{ capsules: 2, facts: { memoryAvailableMb: 100 } }],
    slots: 0,
    state: 'waiting',
    reason: 'Waiting: memory is short',
    keepPaused: false,
  },
  {
    name: 'load pauses capsules and keeps them',
    steps: [{ capsules: 8, others: 4 }],
    slots: 4,
    keepPaused: true,
  },
  // Together.
  {
    name: 'of two reasons the stronger is told',
    steps: [{ others: 2, facts: { personIdleSeconds: 3 } }],
    slots: 4,
    reason: /you are using/,
  },
  {
    name: 'a stronger reason goes, the weaker stays and is told',
    steps: [
      { others: 2, facts: { battery: { discharging: true, percent: 50 } } },
      { facts: { battery: { discharging: false, percent: 50 } }, afterMs: 11_000 },
    ],
    slots: 6,
    reason: /other programs use 2 cores/,
  },
];

describe('decide', () => {
  for (const row of TABLE) {
    it(row.name, () => {
      const decision = play(row.steps, row.start).at(-1);
      expect(decision?.slots).toBe(row.slots);
      if (row.state) expect(decision?.state).toBe(row.state);
      if (typeof row.reason === 'string') expect(decision?.reason).toBe(row.reason);
      if (row.reason instanceof RegExp) expect(decision?.reason).toMatch(row.reason);
      if (row.transfers !== undefined) expect(decision?.transfers).toBe(row.transfers);
      if (row.keepPaused !== undefined) expect(decision?.keepPaused).toBe(row.keepPaused);
    });
  }

  it('does not change its words from second to second while nothing changes', () => {
    const words = new Set(
      play([{ others: 2, facts: { temperatureC: 79.2 }, afterMs: MINUTE }]).map((made) => made.reason),
    );
    expect(words.size).toBe(1);
  });
});

const someFacts = fc.record({
  memoryAvailableMb: fc.option(fc.integer({ min: 0, max: 20_000 })),
  battery: fc.option(
    fc.record({ discharging: fc.boolean(), percent: fc.option(fc.integer({ min: 0, max: 100 })) }),
  ),
  temperatureC: fc.option(fc.integer({ min: 20, max: 110 })),
  personIdleSeconds: fc.option(
    fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.constant(Number.POSITIVE_INFINITY)),
  ),
  fullScreen: fc.option(fc.boolean()),
  metered: fc.option(fc.boolean()),
  thermal: fc.option(fc.constantFrom('nominal', 'fair', 'serious', 'critical')),
  suspending: fc.boolean(),
  program: fc.option(fc.constant('game')),
});
const somePreferences = fc
  .record({
    maxCores: fc.option(fc.integer({ min: 0, max: 32 })),
    reserveWhileActive: fc.double({ min: 0, max: 1, noNaN: true }),
    onBattery: fc.boolean(),
    duringFullScreen: fc.boolean(),
    maxTemperatureC: fc.integer({ min: 40, max: 110 }),
  })
  .map((some) => Preferences.parse(some));
const aSituation = (cores: number) =>
  fc.record({
    facts: someFacts,
    others: fc.double({ min: 0, max: cores * 1.2, noNaN: true }),
    capsules: fc.integer({ min: 0, max: cores }),
    waitMs: fc.constantFrom(250, 250, 250, 1000, 9000, 40_000),
  });

function replay(
  cores: number,
  preferences: Preferences,
  steps: readonly { facts: Facts; others: number; capsules: number; waitMs: number }[],
): number[] {
  let memory = FRESH;
  let clock = 0;
  return steps.map((step) => {
    clock += step.waitMs;
    const situation: Situation = {
      cores,
      othersBusy: step.others,
      busyWith: null,
      facts: step.facts,
      capsules: step.capsules,
      capsuleMemoryMb: 256,
      promisedMemoryMb: 0,
    };
    const made = decide(situation, preferences, null, memory, momentOf(MIDDAY + clock, clock));
    memory = made.memory;
    expect(memory.holds.length).toBeLessThan(7 * (cores + 1));
    expect(made.decision.reason.length).toBeGreaterThan(5);
    return made.decision.slots;
  });
}

const coresAndSteps = fc
  .integer({ min: 1, max: 16 })
  .chain((cores) =>
    fc.tuple(fc.constant(cores), fc.array(aSituation(cores), { minLength: 1, maxLength: 40 })),
  );

describe('decide, whatever happens', () => {
  it('never gives more slots than cores, the limit, or what others leave', () => {
    fc.assert(
      fc.property(coresAndSteps, somePreferences, ([cores, steps], preferences) => {
        replay(cores, preferences, steps).forEach((slots, i) => {
          expect(Number.isInteger(slots)).toBe(true);
          expect(slots).toBeGreaterThanOrEqual(0);
          expect(slots).toBeLessThanOrEqual(Math.min(cores, preferences.maxCores ?? cores));
          expect(slots).toBeLessThanOrEqual(Math.max(0, cores - Math.floor((steps[i]?.others ?? 0) + 0.4)));
        });
      }),
      { numRuns: 500 },
    );
  });

  it('never gives more slots for more load', () => {
    fc.assert(
      fc.property(
        coresAndSteps,
        somePreferences,
        fc.array(fc.double({ min: 0, max: 8, noNaN: true }), { minLength: 40, maxLength: 40 }),
        ([cores, steps], preferences, more) => {
          const less = replay(cores, preferences, steps);
          const loaded = steps.map((step, i) => ({ ...step, others: step.others + (more[i] ?? 0) }));
          replay(cores, preferences, loaded).forEach((slots, i) => {
            expect(slots).toBeLessThanOrEqual(less[i] ?? 0);
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('does not flap under noise: after a rise nothing rises again within the hold unless it fell for a reason', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 400, maxLength: 400 }),
        fc.double({ min: 0, max: 16, noNaN: true }),
        (cores, noise, base) => {
          const steps = noise.map((wobble) => ({
            facts: AWAY,
            others: Math.max(0, base + wobble),
            capsules: 0,
            waitMs: 250,
          }));
          const slots = replay(cores, Preferences.parse({}), steps);
          const changes = slots.filter((value, i) => i > 0 && value !== slots[i - 1]).length;
          // 100 s of noise one core wide: at most one step down to its worst, and rises no closer than 10 s.
          expect(Math.max(...slots) - Math.min(...slots)).toBeLessThanOrEqual(2);
          expect(changes).toBeLessThanOrEqual(20);
          let fellAt = Number.NEGATIVE_INFINITY;
          slots.forEach((value, i) => {
            const before = slots[i - 1] ?? value;
            if (value < before) fellAt = i;
            if (value > before) expect((i - fellAt) * 250).toBeGreaterThanOrEqual(10_000 - 250);
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('a steady load, whatever it is, changes nothing after the first decision', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 32 }),
        fc.double({ min: 0, max: 40, noNaN: true }),
        (cores, others) => {
          const step = { facts: AWAY, others, capsules: 0, waitMs: 250 };
          expect(new Set(replay(cores, Preferences.parse({}), Array(200).fill(step))).size).toBe(1);
        },
      ),
    );
  });
});
