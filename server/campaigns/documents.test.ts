import { expect, test } from 'vitest';
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

const listed = good.replace(
  /sweep:\n.*\n/,
  'sweep:\n  cuts: [[1], [2]]\npoints:\n  - { energyGeV: 90 }\n  - { energyGeV: 91 }\n',
);

test.each([
  ['fits', good, null, null],
  ['fits listed', listed, null, null],
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
