import { expect, test } from 'vitest';
import type { Sample } from '../../protocol/campaign.ts';
import { ApiFailure } from '../errors.ts';
import { readCampaign } from './document.ts';
import { parameterCheck, pointCount, pointProblem, points } from './points.ts';

const good = `kind: campaign
name: lep1
title: Around the Z
application: evgen
version: 1.0.0
parameters:
  process: mumu
sweep:
  energyGeV: [88.2, 91.19, 93.0]
events: 1000
eventsPerUnit: 100
blockEvents: 10
`;

function failure(text: string): { message: string; place: string | null } {
  try {
    readCampaign(text);
  } catch (error) {
    if (error instanceof ApiFailure) return { message: error.message, place: error.place };
    throw error;
  }
  throw new Error('was accepted');
}

test('reads YAML and JSON alike', () => {
  const { spec } = readCampaign(good);
  expect(readCampaign(JSON.stringify(spec)).spec).toEqual(spec);
  expect(spec.validation).toEqual({ spot: 0.05 });
});

test.each([
  ['a tab', good.replace('  process', '\tprocess'), 'line 7, column 1', /YAML/],
  ['a key twice', `${good}name: again\n`, 'line 13, column 1', /unique/i],
  ['an unknown key', good.replace('events:', 'event:'), 'line 10, column 1 (event)', /./],
  ['a missing key', good.replace('title: Around the Z\n', ''), 'line 1, column 1 (title)', /title/],
  ['a wrong kind', good.replace('campaign', 'release'), 'line 1, column 1 (kind)', /campaign/],
  ['text for a number', good.replace('1000', 'many'), 'line 10, column 1 (events)', /number/],
  ['no events', good.replace('1000', '0'), 'line 10, column 1 (events)', />=1/],
  [
    'an empty sweep',
    good.replace('[88.2, 91.19, 93.0]', '[]'),
    'line 9, column 3 (sweep.energyGeV)',
    /small/i,
  ],
  [
    'a bad quorum',
    `${good}validation: { quorum: 0 }\n`,
    'line 13, column 15 (validation.quorum)',
    /quorum.*>=1/,
  ],
  ['an empty list', `${good}points: []\n`, 'line 13, column 1 (points)', /small/i],
  ['nothing', '', 'line 1, column 1', /campaign/],
  ['a list', '- 1\n', 'line 1, column 1', /campaign/],
])('%s: says where', (_what, text, place, message) => {
  const found = failure(text);
  expect(found.message).toMatch(message);
  expect(found.place).toBe(place);
});

test('aliases without end are refused', () => {
  let bomb = 'a: &a [1,1,1,1,1,1,1,1,1]\n';
  for (let i = 0; i < 9; i++) {
    const [from, to] = ['abcdefghij'.charAt(i), 'abcdefghij'.charAt(i + 1)];
    bomb += `${to}: &${to} [${Array(9).fill(`*${from}`).join(',')}]\n`;
  }
  expect(failure(bomb).message).toMatch(/alias/i);
});

const check = parameterCheck({
  type: 'object',
  additionalProperties: false,
  required: ['process', 'energyGeV'],
  properties: {
    process: { enum: ['mumu', 'tautau'] },
    energyGeV: { type: 'number', minimum: 20, maximum: 250 },
    cuts: { type: 'array', items: { type: 'number' } },
  },
});

test('points are the product of all swept values', () => {
  const made = points({ parameters: { a: 0 }, sweep: { b: [1, 2], c: ['x', 'y', 'z'] } });
  expect(made).toHaveLength(6);
  expect(made[0]).toEqual({ a: 0, b: 1, c: 'x' });
  expect(made[1]).toEqual({ a: 0, b: 1, c: 'y' });
});

test('each listed point goes with the whole sweep', () => {
  const spec = { parameters: { a: 0 }, points: [{ d: 5 }, { d: 6 }], sweep: { b: [1, 2] } };
  expect(points(spec)).toEqual([
    { a: 0, d: 5, b: 1 },
    { a: 0, d: 5, b: 2 },
    { a: 0, d: 6, b: 1 },
    { a: 0, d: 6, b: 2 },
  ]);
  expect(pointCount(spec)).toBe(4);
});

test('each sampled point goes with each listed one and the whole sweep', () => {
  const ranges: Sample['ranges'] = { z: [0, 1], y: [10, 20] };
  const sample: Sample = { method: 'sobol', points: 3, seed: 0, ranges };
  const sampled = [
    { y: 15, z: 0.5 },
    { y: 17.5, z: 0.25 },
    { y: 12.5, z: 0.75 },
  ];
  const spec = { parameters: { a: 0 }, points: [{ d: 5 }, { d: 6 }], sample, sweep: { b: [1, 2] } };
  expect(points(spec)).toEqual(
    spec.points.flatMap((d) => sampled.flatMap((s) => spec.sweep.b.map((b) => ({ a: 0, ...d, ...s, b })))),
  );
  expect(pointCount(spec)).toBe(12);
  // The same document, however a store sorts its keys.
  const sorted = Object.fromEntries(Object.entries(ranges).reverse());
  expect(points({ ...spec, sample: { ...sample, ranges: sorted } })).toEqual(points(spec));
});

const sampled = good.replace(
  /sweep:\n.*\n/,
  'sample:\n  method: sobol\n  points: 8\n  ranges:\n    energyGeV: [88, 94]\n',
);

test.each([
  ['an unknown method', sampled.replace('sobol', 'halton'), 'line 9, column 3 (sample.method)', /method/],
  ['no points', sampled.replace('points: 8', 'points: 0'), 'line 10, column 3 (sample.points)', />=1/],
  [
    'no range',
    sampled.replace('\n    energyGeV: [88, 94]', ' {}'),
    'line 11, column 3 (sample.ranges)',
    /names no parameter/,
  ],
  ['a range from above', sampled.replace('88', '98'), null, /the lower value comes first/],
  ['a range of one', sampled.replace('[88, 94]', '[88]'), null, /ranges\.energyGeV/],
  ['broken whole numbers', range('{ low: 1.5, high: 3, integer: true }'), null, /has whole ends/],
  ['a logarithm of zero', range('{ low: 0, high: 3, scale: log }'), null, /lies above 0/],
  ['no end', range('{ low: 0, high: .inf }'), null, /expected number/],
  ['a misspelt key', range('{ low: 0, high: 3, whole: true }'), null, /"whole" is not a key/],
])('sample with %s: says where', (_what, text, place, message) => {
  const found = failure(text);
  expect(found.message).toMatch(message);
  expect(found.place).toMatch(place ?? /^line 12, column \d+ \(sample\.ranges\.energyGeV/);
});

function range(text: string): string {
  return sampled.replace('[88, 94]', text);
}

const listed = good.replace(
  /sweep:\n.*\n/,
  'sweep:\n  cuts: [[1], [2]]\npoints:\n  - { energyGeV: 90 }\n  - { energyGeV: 91 }\n',
);

test.each([
  ['fits', good, null, null],
  ['fits listed', listed, null, null],
  ['fits sampled', sampled, null, null],
  [
    'sampled out of range',
    sampled.replace('94]', '940]'),
    'line 12, column 5 (sample.ranges.energyGeV)',
    'energyGeV: must be <= 250, not 514',
  ],
  [
    'sampled and unknown',
    `${sampled.replace('    energyGeV:', '    energy: [0, 1]\n    energyGeV:')}`,
    'line 12, column 5 (sample.ranges.energy)',
    'the application has no parameter "energy"',
  ],
  [
    'both sampled and fixed',
    sampled.replace('energyGeV:', 'process:'),
    'line 12, column 5 (sample.ranges.process)',
    '"process" is both sampled and fixed; keep one',
  ],
  [
    'both sampled and swept',
    `${sampled}sweep: { energyGeV: [90] }\n`,
    'line 12, column 5 (sample.ranges.energyGeV)',
    '"energyGeV" is both sampled and swept; keep one',
  ],
  [
    'both listed and sampled',
    `${sampled}points: [{ energyGeV: 90 }]\n`,
    'line 16, column 12 (points[0].energyGeV)',
    '"energyGeV" is both listed and sampled; keep one',
  ],
  [
    'more dimensions than Sobol has here',
    sampled.replace(
      '    energyGeV',
      `${Array.from({ length: 21 }, (_, i) => `    x${i}: [0, 1]`).join('\n')}\n    energyGeV`,
    ),
    'line 11, column 3 (sample.ranges)',
    "Sobol's sequence is here for at most 21 parameters, not 22; use latin-hypercube",
  ],
  [
    'too many with the sweep',
    `${sampled.replace('points: 8', 'points: 6000')}sweep: { process: [mumu, tautau] }\n`.replace(
      '  process: mumu',
      '  cuts: []',
    ),
    'line 8, column 1 (sample)',
    'the campaign has 12000 points, at most 10000 are possible; split the campaign',
  ],
  [
    'listed out of range',
    listed.replace('91 }', '910 }'),
    'line 12, column 7 (points[1].energyGeV)',
    'energyGeV: must be <= 250, not 910',
  ],
  [
    'listed and unknown',
    listed.replaceAll('energyGeV:', 'energy: 1, energyGeV:'),
    'line 11, column 7 (points[0].energy)',
    'the application has no parameter "energy"',
  ],
  [
    'listed twice',
    listed.replace('91 }', '91, process: mumu }').replace('90 }', '90, process: mumu }'),
    'line 11, column 22 (points[0].process)',
    '"process" is both listed and fixed; keep one',
  ],
  [
    'listed and swept',
    listed.replaceAll('energyGeV:', 'cuts: [1], energyGeV:'),
    'line 11, column 7 (points[0].cuts)',
    '"cuts" is both listed and swept; keep one',
  ],
  [
    'listed for some',
    listed.replace('{ energyGeV: 91 }', '{}'),
    'line 12, column 5 (points[1])',
    'the first point has "energyGeV" and this one has not',
  ],
  [
    'listed for others',
    listed.replace('91 }', '91, more: 1 }'),
    'line 12, column 22 (points[1].more)',
    'this point has "more" and the first one has not',
  ],
  [
    'out of range',
    good.replace('93.0', '930'),
    'line 9, column 28 (sweep.energyGeV[2])',
    'energyGeV: must be <= 250, not 930',
  ],
  [
    'not one of',
    good.replace('mumu', 'ee'),
    'line 7, column 3 (parameters.process)',
    'process: must be equal to one of the allowed values ("mumu", "tautau"), not "ee"',
  ],
  [
    'unknown',
    good.replace('process', 'proces'),
    'line 6, column 1 (parameters)',
    'the application needs the parameter "process"',
  ],
  [
    'extra',
    good.replace('  process: mumu', '  process: mumu\n  tune: 1'),
    'line 8, column 3 (parameters.tune)',
    'the application has no parameter "tune"',
  ],
  [
    'deep',
    good.replace('  process: mumu', '  process: mumu\n  cuts: [1, x]'),
    'line 8, column 13 (parameters.cuts[1])',
    'cuts: must be number, not [1,"x"]',
  ],
  [
    'both swept and fixed',
    good.replace('  process: mumu', '  process: mumu\n  energyGeV: 5'),
    'line 10, column 3 (sweep.energyGeV)',
    '"energyGeV" is both swept and fixed; keep one',
  ],
])('%s: says where', (_what, text, place, message) => {
  const document = readCampaign(text);
  const problem = pointProblem(document.spec, check);
  expect(problem?.message ?? null).toBe(message);
  expect(problem ? document.place(problem.path) : null).toBe(place);
});

test('more points than a campaign may have are refused before they are made', () => {
  const sweep = Object.fromEntries(
    ['a', 'b', 'c', 'd'].map((name) => [name, Array.from({ length: 1000 }, (_, i) => i)]),
  );
  const { spec } = readCampaign(good);
  expect(pointProblem({ ...spec, sweep }, check)?.message).toMatch('1000000000000 points');
});

test('a release whose schema is none is refused', () => {
  expect(() => parameterCheck({ type: 'nonsense' })).toThrow(ApiFailure);
});
