import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it, test } from 'vitest';
import type { CampaignSpec } from '../../protocol/campaign.ts';
import { ReferenceTable } from '../../protocol/reference.ts';
import { Tune, TuneRequest } from './document.ts';
import { choose, type Measured, NoSuchObservable } from './observables.ts';
import { noise } from './tune.testkit.ts';
import { type Computed, samplePoints, tune } from './tune.ts';

/** A generator in a line: numbers of entries that depend on three parameters smoothly, not as a polynomial does. */
const EDGES = Array.from({ length: 16 }, (_, i) => i / 15);
const AXES = ['shape', 'other'].map((name) => ({
  ...{ name, title: name, xLabel: 'x', yLabel: 'y', logX: false, logY: false, edges: EDGES },
}));

function density(histogram: string, point: Readonly<Record<string, unknown>>, x: number): number {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => Number(point[name]));
  if (a === undefined || b === undefined || c === undefined) throw new Error('no such point');
  const tail = Math.exp(-x / (0.2 + 0.3 * a));
  const peak = (at: number) => 0.3 * Math.exp(-(((x - at) / 0.1) ** 2));
  return histogram === 'shape' ? tail + b * peak(0.7) + c * peak(0.35) : tail * (1 + b * c * x) + 0.2 * b;
}

/** @param random none: the expectation, as far as whole numbers go */
function generate(point: Readonly<Record<string, unknown>>, events: number, random?: () => number): Computed {
  const histograms = Object.fromEntries(
    AXES.map(({ name }) => {
      const middles = EDGES.slice(1).map((high) => high - 1 / 30);
      const contents = middles.map((x) => Math.max(0, density(name, point, x)));
      const total = contents.reduce((sum, content) => sum + content, 0);
      const counts = contents.map((content) => {
        const mean = (events * content) / total;
        return Math.max(0, Math.round(mean + (random ? Math.sqrt(mean) * random() : 0)));
      });
      return [name, [0, ...counts, 0]];
    }),
  );
  return { seed: 1, events, histograms };
}

const PLANTED = { a: 0.62, b: 0.35, c: 0.81 };
const DATA_EVENTS = 50_000;

/** Measured where the parameters are PLANTED. */
function measured(histogram: string, random: () => number): Measured {
  const counts = generate(PLANTED, DATA_EVENTS, random).histograms[histogram] ?? [];
  const total = counts.reduce((sum, count) => sum + count, 0);
  const reference = ReferenceTable.parse({
    ...{
      id: histogram,
      title: histogram,
      experiment: 'none',
      paper: 'none',
      hepdata: 'none',
      energyGeV: 91.2,
    },
    ...{ particles: 'all', derivation: { from: 'density', histogram }, xLabel: 'x', yLabel: 'y' },
    bins: EDGES.slice(1).map((high, i) => {
      const content = counts[i + 1] ?? 0;
      const error = (15 * Math.sqrt(content)) / total;
      return [EDGES[i], high, (15 * content) / total, error, error];
    }),
  });
  return { kind: 'table', reference };
}

const request = TuneRequest.parse({
  ...{
    kind: 'tune',
    name: 'planted',
    title: 'A planted tune',
    release: 'none',
    parameters: { energyGeV: 91.2 },
  },
  ranges: { a: [0.3, 0.9], b: [0, 1], c: [0, 1] },
  ...{
    order: 3,
    samples: 60,
    events: 400_000,
    checkEvents: 400_000,
    eventsPerUnit: 1,
    blockEvents: 1,
    seed: 100,
  },
  ...{ fit: { shape: 1 }, heldOut: ['other'] },
});

function run(asked: TuneRequest, seed: number): Promise<Tune> {
  const random = noise(seed);
  const all = [measured('shape', random), measured('other', random)];
  return tune({
    ...{
      request: asked,
      application: 'line',
      version: '1',
      axes: AXES,
      observables: choose(asked, all, AXES),
    },
    defaults: { a: 0.45, b: 0.5, c: 0.5 },
    programs: {},
    hash: (value) => createHash('sha256').update(JSON.stringify(value)).digest('hex'),
    compute: async ({ points = [], events, seed: first }: CampaignSpec) =>
      points.map((point, i) => ({ ...generate(point, events, random), seed: first + i })),
  });
}

describe('a planted tune', () => {
  let found: Tune;
  beforeAll(async () => {
    found = await run(request, 4);
  });

  it('is recovered within its errors', () => {
    expect(found.fit.converged).toBe(true);
    expect(found.atEdge).toEqual([]);
    for (const [name, value] of Object.entries(PLANTED)) {
      const pull = ((found.parameters[name] ?? 0) - value) / (found.errors[name] ?? 1);
      expect(Math.abs(pull), name).toBeLessThan(3);
      expect(found.errors[name]).toBeLessThan(0.1);
    }
    expect(found.fit.chi2 / (found.fit.bins - 3)).toBeLessThan(2);
  });

  it('describes what was held out better than the defaults, as the polynomials said', () => {
    expect(found.heldOut.tuned.chi2).toBeLessThan(found.heldOut.default.chi2 / 3);
    expect(found.heldOut.tuned.chi2 / found.heldOut.tuned.bins).toBeLessThan(2.5);
    expect(found.heldOut.surrogate.chi2 / found.heldOut.surrogate.bins).toBeLessThan(2.5);
    expect(found.atLeastAsGood).toBe(true);
  });

  it('has one standard deviation of chi square both ways along every axis', () => {
    expect(found.eigentunes.map(({ sigma }) => sigma)).toEqual(
      found.eigentunes.map(({ sigma }) => sigma).toSorted((a, b) => b - a),
    );
    // Variances along the axes add up to those of the parameters, in units of half a range.
    const trace = found.names.reduce((sum, name, i) => {
      const [low = 0, high = 1] = request.ranges[name] ?? [];
      return sum + (found.covariance[i]?.[i] ?? 0) / ((high - low) / 2) ** 2;
    }, 0);
    expect(found.eigentunes.reduce((sum, { sigma }) => sum + sigma ** 2, 0)).toBeCloseTo(trace, 10);
    for (const { minus, plus, inside } of found.eigentunes) {
      expect(inside).toBe(true);
      for (const name of found.names)
        expect(((minus[name] ?? 0) + (plus[name] ?? 0)) / 2).toBeCloseTo(found.parameters[name] ?? 0, 3);
    }
  });

  it('is a document, and the same again', async () => {
    expect(Tune.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
    expect(await run(request, 4)).toEqual(found);
    expect(found.provenance.samples).toHaveLength(60);
    expect(found.provenance.check.map(({ seed }) => seed)).toEqual([160, 161]);
    expect(found.provenance.check[1]?.parameters).toEqual(found.parameters);
  });
});

test('errors are what repeating it all spreads', async () => {
  const pulls: number[] = [];
  for (let seed = 20; seed < 44; seed++) {
    const { parameters, errors } = await run({ ...request, order: 3, samples: 40 }, seed);
    for (const [name, value] of Object.entries(PLANTED))
      pulls.push(((parameters[name] ?? 0) - value) / (errors[name] ?? 1));
  }
  const spread = Math.sqrt(pulls.reduce((sum, pull) => sum + pull ** 2, 0) / pulls.length);
  expect(spread).toBeGreaterThan(0.6);
  expect(spread).toBeLessThan(1.4);
});

test('a minimum beyond a range is said', async () => {
  const narrow = TuneRequest.parse({ ...request, ranges: { a: [0.3, 0.5], b: [0, 1], c: [0, 1] } });
  const found = await run(narrow, 4);
  expect(found.atEdge).toEqual(['a']);
  expect(found.parameters.a).toBe(0.5);
});

test('samples lie inside the ranges, all different', () => {
  const points = samplePoints(request);
  expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(60);
  for (const { a = 0, b = 0 } of points) {
    expect(a).toBeGreaterThanOrEqual(0.3);
    expect(a).toBeLessThanOrEqual(0.9);
    expect(b).toBeGreaterThanOrEqual(0);
  }
});

test('what the release has no histogram for is refused before anything is computed', () => {
  const random = noise(1);
  const all = [measured('shape', random), measured('other', random)];
  expect(() => choose(request, all, AXES.slice(0, 1))).toThrow(/"other" can not be compared/);
});

test.each([
  [{ fit: { nothing: 1 } }, ['fit', 'nothing'], /no measurement "nothing"/],
  [{ heldOut: ['shape'] }, ['heldOut', 0], /named twice/],
  [{ heldOut: ['other', 'other'] }, ['heldOut', 1], /named twice/],
  [{ parameters: { energyGeV: 133 } }, ['fit', 'shape'], /measured at 91.2 GeV/],
  [{ parameters: {} }, ['fit', 'shape'], /measured at 91.2 GeV/],
])('a choice with %j is refused at %j', (change, path, message) => {
  const random = noise(1);
  const all = [measured('shape', random), measured('other', random)];
  const choosing = () => choose({ ...request, ...change } as TuneRequest, all, AXES);
  expect(choosing).toThrow(NoSuchObservable);
  expect(choosing).toThrow(message);
  try {
    choosing();
  } catch (error) {
    expect(error).toMatchObject({ path });
  }
});
