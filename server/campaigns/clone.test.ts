import { expect, test } from 'vitest';
import { CampaignSpec } from '../../protocol/campaign.ts';
import { changed } from './clone.ts';

const spec = CampaignSpec.parse({
  kind: 'campaign',
  name: 'old',
  title: 'Old',
  application: 'model',
  version: '1',
  parameters: { a: 1, 'b.c': 2 },
  sweep: { d: [1, 2] },
  events: 100,
  eventsPerUnit: 10,
  blockEvents: 5,
  deadline: '2026-12-01T00:00:00Z',
});

test.each<[string, Parameters<typeof changed>[2], object]>([
  ['nothing but the name', {}, {}],
  ['a key', { events: 500, title: 'New' }, { events: 500, title: 'New' }],
  ['the name, whatever the changes say', { name: 'other' }, {}],
  ['a parameter', { 'parameters.a': 7 }, { parameters: { a: 7, 'b.c': 2 } }],
  ['a parameter with a dot', { 'parameters.b.c': [1] }, { parameters: { a: 1, 'b.c': [1] } }],
  [
    'a parameter that becomes swept',
    { 'parameters.a': null, 'sweep.a': [1, 2] },
    { parameters: { 'b.c': 2 }, sweep: { d: [1, 2], a: [1, 2] } },
  ],
  ['a key left out', { deadline: null }, { deadline: undefined }],
  ['a key within one that is not there', { 'canary.hosts': 3 }, { canary: { hosts: 3 } }],
])('changes %s', (_what, changes, expected) => {
  expect(changed(spec, 'new', changes)).toEqual({ ...spec, name: 'new', ...expected });
});

test('keys that mean something to JavaScript are keys like any other', () => {
  const made = changed(spec, 'new', JSON.parse('{"__proto__": {"x": 1}, "parameters.__proto__": 2}'));
  expect(Object.keys(made)).toContain('__proto__');
  expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  expect(CampaignSpec.safeParse(made).success).toBe(false);
});
