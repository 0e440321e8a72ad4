import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { parseChanges } from './clone.ts';
import { parseDeadline } from './extend.ts';

describe('changes of a clone', () => {
  it.each<[string[], object]>([
    [[], {}],
    [['seed=7', 'title=Far from the Z'], { seed: 7, title: 'Far from the Z' }],
    [['sweep.energyGeV=[86, 96.5]'], { 'sweep.energyGeV': [86, 96.5] }],
    [['validation={ quorum: 2 }'], { validation: { quorum: 2 } }],
    [['deadline=null'], { deadline: null }],
    [['description=a=b'], { description: 'a=b' }],
    [['version="1.0"'], { version: '1.0' }],
  ])('reads %j', (words, changes) => expect(parseChanges(words)).toEqual(changes));

  it.each([['seed'], ['=7'], ['sweep=[1'], ['x=!!binary aGk=']])('refuses "%s"', (word) =>
    expect(() => parseChanges([word])).toThrow(UsageError),
  );
});

describe('a deadline', () => {
  const now = new Date('2026-12-01T12:00:00.000Z');
  it.each([
    ['none', null],
    ['2026-12-24T18:00:00Z', '2026-12-24T18:00:00Z'],
    ['3d', '2026-12-04T12:00:00.000Z'],
    ['1h30m', '2026-12-01T13:30:00.000Z'],
  ])('reads %s', (text, moment) => expect(parseDeadline(text, now)).toBe(moment));

  it.each(['', 'soon', '2026-12-24', '2026-12-24T18:00:00+01:00'])('refuses "%s"', (text) =>
    expect(() => parseDeadline(text, now)).toThrow(/--deadline takes a moment in UTC/),
  );
});
