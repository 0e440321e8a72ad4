import { loadTables } from '../../physics/reference/load.ts';
import type { EngineState } from '../../protocol/engine-api.ts';
import { Preferences } from '../../protocol/preferences.ts';
import { HistogramAxis } from '../../protocol/release.ts';

/** States of an engine for the page's tests: real shapes, made-up numbers. */
export function busyState(cores = 8): EngineState {
  return {
    status: {
      state: 'computing',
      reason: `${cores - 2} of ${cores} cores: you are using 2`,
      cause: { code: 'load', values: { cores: 2, busyWith: null } },
      slots: cores - 2,
      cores,
      pausedUntil: null,
    },
    cores: Array.from({ length: cores }, (_, index) =>
      index < 2
        ? { index, others: 0.62 - 0.2 * index, ours: 0 }
        : { index, others: 0.03, ours: index < cores - 1 ? 0.95 : 0.4 },
    ),
    running: [
      runningUnit({ unitId: 'u-101', state: 'running', done: 107_410_000, secondsLeft: 12, capsule: 'wasm' }),
      runningUnit({ unitId: 'u-102', state: 'running', done: 45_300_000, secondsLeft: 30, capsule: 'wasm' }),
      runningUnit({
        unitId: 'u-103',
        state: 'starting',
        done: 0,
        secondsLeft: null,
        capsule: 'qemu',
        eventsPerSecond: 0,
      }),
    ],
    finished: [
      finishedUnit({ leaseId: 'l-1', verdict: 'valid' }),
      finishedUnit({ leaseId: 'l-2', verdict: 'pending', creditMicroseconds: 0 }),
    ],
    histograms: {
      point: 'z-lineshape-1 at 91.19',
      campaign: 'z-lineshape-1',
      campaignTitle: 'The Z line shape',
      parameters: { energyGeV: 91.19, stages: [], hepmcEvents: 20 },
      axes: [
        {
          name: 'cosTheta',
          title: 'Angle of the outgoing fermion',
          xLabel: 'cos θ',
          yLabel: 'events per bin',
          edges: edges(-1, 1, 40),
          logY: false,
        },
        {
          name: 'energy',
          title: 'Energy of the leading lepton',
          xLabel: 'E / GeV',
          yLabel: 'events per bin',
          edges: edges(0, 50, 25),
          logY: true,
        },
      ],
      references: [],
    },
    filled: {
      point: 'z-lineshape-1 at 91.19',
      events: 152_710_000,
      counts: { cosTheta: [0, ...angular(40, 5_160_000), 0], energy: [0, ...falling(25), 3] },
    },
    lastEvent: {
      event: 143_209,
      energyGeV: 91.19,
      particles: [
        { pdg: 13, px: 31.2, py: 22.6, pz: 24.2, e: 45.595 },
        { pdg: -13, px: -31.2, py: -22.6, pz: -24.2, e: 45.595 },
      ],
    },
    contribution: {
      eventsComputed: 9_752_710_000,
      eventsValid: 9_300_000_000,
      unitsValid: 62,
      unitsPending: 1,
      unitsInvalid: 0,
      creditMicroseconds: 930_000_000,
      eventsPerSecond: 6_950_214.2,
      since: '2026-10-03T09:12:00Z',
    },
    capsules: [
      { kind: 'qemu', unavailable: null, accelerator: 'tcg', bootMs: 5210, restoreMs: 640 },
      { kind: 'wasm', unavailable: null, accelerator: null, bootMs: null, restoreMs: null },
    ],
    calibrations: [
      {
        application: 'evgen',
        version: '0.2.0',
        eventsPerSecond: { qemu: 402_000, wasm: 3_510_000 },
        chosen: 'wasm',
      },
    ],
    projects: [
      {
        name: 'LEP at home',
        url: 'http://127.0.0.1:8080',
        keyFingerprint: '0123456789abcdef0123456789abcdef',
        description: '',
        connected: true,
        message: null,
        share: 100,
        leaving: false,
        joinedAt: '2026-11-01T09:00:00Z',
        inHand: { unfinished: 2, undelivered: 0 },
      },
    ],
    preferences: Preferences.parse({}),
    engineVersion: '0.1.0',
  };
}

/** Hadrons, with measurements of them: what is computed swings about the data by a few percent. */
export async function measuredState(): Promise<EngineState> {
  const state = busyState();
  const events = 40_000;
  const tables = await loadTables();
  const named = (id: string) => tables.filter((table) => table.id === id);
  const references = ['thrust-aleph-2004', 'xp-delphi-1996', 'eec-delphi-1996'].flatMap(named);
  const axes = [
    {
      name: 'analysed',
      title: 'Hadronic events in the analysis',
      xLabel: '1',
      yLabel: 'Events',
      edges: [0.5, 1.5],
    },
    { name: 'eecSquares', title: 'Squares of the correlation', xLabel: 'cos χ', yLabel: 'Energy squared' },
    {
      name: 'oblateness',
      title: 'Oblateness',
      xLabel: 'O',
      yLabel: 'Events',
      edges: edges(0, 0.5, 25),
      per: 'analysed',
    },
  ].map((axis) => HistogramAxis.parse({ edges: edges(-1, 1, 50), ...axis }));
  const counts: Record<string, number[]> = {
    analysed: [0, events, 0],
    oblateness: [0, ...falling(25).map((count) => Math.round(count / 100)), 0],
  };
  for (const { derivation, bins, title, xLabel, yLabel } of references) {
    if (derivation.from !== 'density') continue;
    const scale = derivation.histogram === 'eec' ? 1000 : undefined;
    const swinging = bins.map(([low, high, value], i) =>
      Math.round(value * (high - low) * events * (scale ?? 1) * (1 + 0.05 * Math.sin(i))),
    );
    counts[derivation.histogram] = [0, ...swinging, 0];
    const own = { name: derivation.histogram, title, xLabel, yLabel, per: 'analysed', scale };
    const binEdges = [...bins.map(([low]) => low), ...bins.slice(-1).map(([, high]) => high)];
    const squares = scale && { squares: 'eecSquares' };
    axes.push(HistogramAxis.parse({ ...own, ...squares, edges: binEdges }));
  }
  counts.eecSquares = (counts.eec ?? []).map((count) => Math.round(0.4 * count));
  const point = 'hadrons-1 at 91.19';
  const campaign = { campaign: 'hadrons-1', campaignTitle: 'Hadrons at the Z' };
  return {
    ...state,
    histograms: { point, ...campaign, parameters: { energyGeV: 91.19 }, axes, references },
    filled: { point, events: 57_000, counts },
  };
}

/** A fresh engine: nothing joined, nothing done. */
export function emptyState(): EngineState {
  const state = busyState(4);
  return {
    ...state,
    status: {
      state: 'waiting',
      reason: 'Not part of a project yet',
      cause: { code: 'no-project', values: {} },
      slots: 4,
      cores: 4,
      pausedUntil: null,
    },
    cores: state.cores.map((core) => ({ ...core, ours: 0, others: 0.04 })),
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
    calibrations: [],
    projects: [],
  };
}

export function runningUnit(part: Partial<EngineState['running'][number]>): EngineState['running'][number] {
  return {
    unitId: 'u-1',
    project: '0123456789abcdef0123456789abcdef',
    campaign: 'z-lineshape-1',
    campaignTitle: 'The Z line shape',
    application: 'evgen',
    parameters: { energyGeV: 91.19, stages: [], hepmcEvents: 20 },
    capsule: 'wasm',
    state: 'running',
    done: 0,
    total: 150_000_000,
    eventsPerSecond: 3_475_000,
    secondsLeft: null,
    startedAt: '2026-11-24T04:00:00Z',
    ...part,
  };
}

export function finishedUnit(
  part: Partial<EngineState['finished'][number]>,
): EngineState['finished'][number] {
  return {
    leaseId: 'l-1',
    unitId: 'u-99',
    project: '0123456789abcdef0123456789abcdef',
    campaign: 'z-lineshape-1',
    campaignTitle: 'The Z line shape',
    application: 'evgen',
    events: 150_000_000,
    seconds: 43.3,
    eventsPerSecond: 3_464_000,
    verdict: 'valid',
    creditMicroseconds: 15_000_000,
    reason: null,
    outputHash: 'a'.repeat(64),
    capsule: 'wasm',
    accelerator: null,
    bootMs: null,
    restoreMs: null,
    firstEventMs: 120,
    finishedAt: '2026-11-24T04:30:00Z',
    ...part,
  };
}

function edges(from: number, to: number, bins: number): number[] {
  return Array.from({ length: bins + 1 }, (_, i) =>
    Number((from + ((to - from) * i) / bins).toPrecision(12)),
  );
}

/** 1 + cos² θ with a small asymmetry and a wiggle in place of statistical noise. */
function angular(bins: number, events: number): number[] {
  return Array.from({ length: bins }, (_, i) => {
    const c = -1 + (2 * (i + 0.5)) / bins;
    const density = (3 / 8) * (1 + c * c) + 0.02 * c;
    return Math.round(((density * 2) / bins) * events * (1 + 0.012 * Math.sin(i * i)));
  });
}

function falling(bins: number): number[] {
  return Array.from({ length: bins }, (_, i) =>
    Math.round(90_000 * Math.exp(-i / 2.4) * (1 + 0.1 * Math.sin(i * i))),
  );
}
