import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { CampaignSpec } from '../../../../protocol/campaign.ts';
import { fieldsOf } from './fields.ts';
import { documentOf, emptyForm, formOf, localMoment, parametersOf } from './form.ts';
import { isOf, isOfParameter, wrongAt } from './place.ts';
import { yamlOf } from './yaml.ts';

const schema = {
  type: 'object',
  required: ['energyGeV'],
  properties: {
    stages: { type: 'array', items: { enum: ['isr', 'shower'] }, default: ['isr'] },
    kept: { type: 'integer', minimum: 0, maximum: 10, default: 0 },
    energyGeV: { type: 'number', title: 'Energy (GeV)', description: 'Of both.', minimum: 5, maximum: 250 },
    isFast: { type: 'boolean' },
    mode: { enum: ['a', 'b', 3] },
    label: { type: 'string' },
    odd: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  },
};
const fields = fieldsOf(schema);
const release = { application: 'evgen', version: '0.3.1' };

it('asks for what the card’s schema names, what must be given first', () => {
  expect(fields.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    'energyGeV number',
    ...['stages choices', 'kept integer', 'isFast boolean', 'mode choice', 'label text', 'odd json'],
  ]);
  expect(fields[0]).toMatchObject({ title: 'Energy (GeV)', low: 5, high: 250, isRequired: true });
  expect(fields[2]).toMatchObject({ low: 0, high: 10, byDefault: 0 });
  for (const none of [null, 3, { properties: 7 }, {}])
    expect(fieldsOf(none, ['x'])).toMatchObject([{ name: 'x', kind: 'json' }]);
});

it('leaves out what is left empty, so that the defaults are the application’s and the server’s', () => {
  const form = emptyForm(fields, 40);
  Object.assign(form, { name: 'one', title: 'One' });
  Object.assign(form.parameters.energyGeV ?? {}, { text: ' 91.2 ' });
  expect(documentOf(form, fields, release)).toEqual({
    ...{ kind: 'campaign', name: 'one', title: 'One', ...release, parameters: { energyGeV: 91.2 } },
    // Half a minute of the reference core.
    ...{ events: 5_000_000, eventsPerUnit: 500_000, blockEvents: 50_000, seed: 1 },
    validation: { spot: 0.05 },
  });
});

it('says what is no number as it was typed: what is wrong with it the server tells', () => {
  const form = emptyForm(fields, 40);
  Object.assign(form, { events: 'many', believed: '' });
  Object.assign(form.parameters.energyGeV ?? {}, { way: 'grid', text: '91.2, x; 93' });
  expect(documentOf(form, fields, release)).toMatchObject({
    events: 'many',
    sweep: { energyGeV: [91.2, 'x', 93] },
    validation: { spot: '' },
  });
});

it('takes its input from another campaign only where one is named', () => {
  const form = emptyForm(fields, 40);
  Object.assign(form, { inputFrom: '  ', inputOutput: 'events.hepmc' });
  expect(documentOf(form, fields, release)).not.toHaveProperty('inputs');
  // What lacks is told by the server, at its place.
  Object.assign(form, { inputFrom: ' before', inputOutput: '', unitMinutes: 'long' });
  const document = documentOf(form, fields, release);
  expect(document).toMatchObject({ inputs: { from: 'before', output: '' }, unitMinutes: 'long' });
  expect(yamlOf(document)).toContain('inputs: { from: before, output: "" }');
});

const specs: Record<string, object> = {
  grid: { sweep: { energyGeV: [88, 91.19], stages: [['isr', 'shower'], []], mode: ['a', 3] } },
  list: {
    points: [
      { energyGeV: 90, kept: 1 },
      { energyGeV: 91, kept: 2 },
    ],
    parameters: { isFast: false, label: 'x, y' },
  },
  ranges: {
    sample: {
      method: 'latin-hypercube',
      points: 7,
      seed: 3,
      ranges: { energyGeV: { low: 5, high: 200, scale: 'log' }, kept: { low: 1, high: 9, integer: true } },
    },
  },
  all: {
    parameters: { energyGeV: 91.19, odd: [1, 'b'], other: null },
    ...{ description: 'Two lines\nof it', adaptive: { precision: 0.02, histogram: 'thrust' } },
    ...{ validation: { quorum: 2 }, owner: 'higgs', priority: -3, deadline: '2026-12-24T18:00:00.000Z' },
    ...{ canary: { hosts: 5, units: 50 }, attempts: 3, leaseMinutes: 10, unitMinutes: 4 },
    inputs: { from: 'before', output: 'events.hepmc' },
  },
};

it.each(Object.entries(specs))('a form made from a campaign (%s) stands for the very same', (_, change) => {
  const spec = CampaignSpec.parse({
    ...{ kind: 'campaign', name: 'before', title: 'Before', ...release },
    ...{ events: 4000, eventsPerUnit: 200, blockEvents: 100, ...change },
  });
  const all = fieldsOf(schema, parametersOf(spec));
  const form = formOf(spec, all);
  expect(form.name).toBe('');
  const again = documentOf({ ...form, name: 'before' }, all, release);
  expect(CampaignSpec.parse(again)).toEqual(spec);
  // And so does the text that is sent.
  expect(CampaignSpec.parse(parse(yamlOf(again)))).toEqual(spec);
});

it('a moment is shown in local time and is the same again', () => {
  const shown = localMoment('2026-12-24T18:00:00.000Z');
  expect(shown).toMatch(/^2026-12-2[45]T\d\d:\d\d$/);
  expect(new Date(shown).toISOString()).toBe('2026-12-24T18:00:00.000Z');
});

it('knows which input the server speaks of', () => {
  expect(wrongAt('m', 'line 4, column 3 (sweep.energyGeV[2])')).toEqual({
    message: 'm',
    line: 4,
    path: 'sweep.energyGeV[2]',
  });
  expect(wrongAt('m', 'line 2, column 1')).toEqual({ message: 'm', line: 2, path: '' });
  expect(wrongAt('m', 'parameters.energyGeV')).toEqual({
    message: 'm',
    line: null,
    path: 'parameters.energyGeV',
  });
  expect(wrongAt('m', null)).toEqual({ message: 'm', line: null, path: '' });
  for (const path of [
    'parameters.kept',
    'sweep.kept[1]',
    'points[3].kept',
    'sample.ranges.kept[0]',
    'sample.ranges.kept.low',
  ])
    expect(isOfParameter(path, 'kept')).toBe(true);
  for (const path of ['parameters.keptMore', 'events', 'sample', ''])
    expect(isOfParameter(path, 'kept')).toBe(false);
  expect([isOf('events', 'events'), isOf('eventsPerUnit', 'events')]).toEqual([true, false]);
});
