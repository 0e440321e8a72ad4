import { expect, test } from 'vitest';
import { isTooDeep } from '../depth.ts';
import { ApiFailure } from '../errors.ts';
import { modelCampaign, modelRelease } from '../testkit/model.ts';
import { tooDeepAt } from './bombs.ts';
import { readCampaign } from './document.ts';
import { parameterCheck, pointProblem } from './points.ts';
import { sizeProblem } from './size.ts';

function refused(work: () => unknown): ApiFailure {
  try {
    work();
  } catch (error) {
    if (error instanceof ApiFailure) return error;
    throw error;
  }
  throw new Error('was accepted');
}

test.each([
  ['brackets', '['.repeat(100_000), 'line 1, column 101'],
  ['maps in brackets', '{a: '.repeat(50_000), 'line 1, column 401'],
  ['closed brackets', `a: ${'['.repeat(3000)}${']'.repeat(3000)}`, 'line 1, column 104'],
  ['lists on one line', '- '.repeat(100_000), 'line 1, column 201'],
  ['explicit keys', '? '.repeat(100_000), 'line 1, column 201'],
  ['lists of one line after others', `a: 1\n\n${'- '.repeat(1000)}`, 'line 3, column 201'],
  [
    'indentation',
    Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
    'line 202, column 1',
  ],
])('%s without end are refused before they are parsed', (_what, text, place) => {
  const { status, message, place: told } = refused(() => readCampaign(text));
  expect({ status, message, told }).toEqual({
    status: 422,
    message: 'the campaign is nested more than 100 levels deep; make it flatter',
    told: place,
  });
});

test('what people write is not too deep', () => {
  expect(tooDeepAt('a: [1, 2]\n'.repeat(1000))).toBeNull();
  expect(tooDeepAt('- - - x\n'.repeat(1000))).toBeNull();
  expect(tooDeepAt(JSON.stringify(modelCampaign('x'), null, 8))).toBeNull();
  expect(
    tooDeepAt(`a: "${'['.repeat(1000)}"\nb: |\n  ${'[ '.repeat(1000)}\n# ${'- '.repeat(1000)}`),
  ).toBeNull();
  expect(tooDeepAt(`${'\n'.repeat(10)}a: ${'['.repeat(99)}${']'.repeat(99)}`)).toBeNull();
});

test('aliases can not make it deeper than it is written', () => {
  let text = 'k0: &k0 [1]\n';
  for (let i = 1; i < 120; i++) text += `k${i}: &k${i} [*k${i - 1}]\n`;
  expect(refused(() => readCampaign(text)).status).toBe(422);
});

test('a key that stands twice is found wherever it is', () => {
  const keys = Array.from({ length: 1000 }, (_, i) => `  k${i}: 1\n`).join('');
  expect(refused(() => readCampaign(`parameters:\n${keys}  k7: 2\n`))).toMatchObject({
    message: expect.stringMatching(/"k7" stands there twice/),
    place: 'line 1002, column 3',
  });
  expect(refused(() => readCampaign('points: [{ a: 1, "a": 2 }]')).place).toBe('line 1, column 18');
});

test.each([
  ['explicit keys in keys', `a: 1\n${'? '.repeat(90)}x`, 'line 2, column 3'],
  ['maps as keys', '{ { a: 1 }: 2 }', 'line 1, column 3'],
  ['lists as keys', `${'[a, '.repeat(50)}{ [b]: 1 }${']'.repeat(50)}`, 'line 1, column 203'],
  ['aliases as keys', 'a: &a { b: 1 }\nc: { *a : 2 }', 'line 2, column 6'],
])('%s are refused before they are written out', (_what, text, place) => {
  expect(refused(() => readCampaign(text))).toMatchObject({
    status: 422,
    message: 'a key must be text, and not a list, a map or an alias',
    place,
  });
});

test('depth is seen without calling itself', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 1_000_000; i++) deep = [deep];
  expect(isTooDeep(deep)).toBe(true);
  expect(isTooDeep({ a: [{ b: [1, 'x', null] }] })).toBe(false);
});

const spec = (change: object) => readCampaign(JSON.stringify({ ...modelCampaign('x'), ...change })).spec;
const sweep = { a: Array.from({ length: 100 }, (_, i) => i), b: Array.from({ length: 100 }, (_, i) => i) };

test('a short document does not become gigabytes of parameters or bins', () => {
  expect(sizeProblem(spec({ sweep }), modelRelease)).toBeNull();
  expect(sizeProblem(spec({ sweep, parameters: { x: 'x'.repeat(100_000) } }), modelRelease)).toMatchObject({
    path: ['sweep'],
    message: expect.stringMatching(/have 1000080000 bytes/),
  });
  const [axis] = modelRelease.histograms;
  if (!axis) throw new Error('no histogram');
  const wide = { histograms: [{ ...axis, edges: Array.from({ length: 10_000 }, (_, i) => i) }] };
  expect(sizeProblem(spec({ sweep }), wide)).toMatchObject({ message: expect.stringMatching(/bins/) });
  expect(sizeProblem(spec({}), wide)).toBeNull();
});

test.each([
  [{ $dynamicRef: '#n', $dynamicAnchor: 'n' }],
  [
    {
      allOf: [{ $ref: '#/$defs/a' }],
      $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { allOf: [{ $ref: '#/$defs/a' }] } },
    },
  ],
  [{ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }],
])('a schema of parameters that refers to itself is refused, not followed for ever: %j', (schema) => {
  expect(refused(() => pointProblem(spec({}), parameterCheck(schema)))).toMatchObject({
    status: 422,
    code: 'release-schema',
  });
});
