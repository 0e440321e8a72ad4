import { describe, expect, it } from 'vitest';
import { difference, type NumbersRule } from './compare.ts';

const rule = (more: Partial<NumbersRule> = {}): NumbersRule => ({
  compare: 'numbers',
  absolute: 0,
  relative: 1e-6,
  ignore: [],
  ...more,
});
const LOG = `Step Temp Press
       0            3   -3.7033504
      50    1.6758903     5.670064
Loop time of 1.38 on 1 procs
Total wall time: 0:00:01
`;

describe('two texts of numbers', () => {
  it('are the same where they differ by no more than the tolerance', () => {
    expect(difference(LOG, LOG, rule({ relative: 0 }))).toBeNull();
    expect(difference(LOG, LOG.replace('1.6758903', '1.6758907'), rule())).toBeNull();
    expect(difference('1000 0\n', '1000.0005\t1e-9', rule({ absolute: 1e-8 }))).toBeNull();
    expect(difference('1.5D+03', '1500', rule())).toBeNull();
  });

  it.each([
    ['a number beyond it', LOG.replace('1.6758903', '1.6758953'), 'line 3: "50    1.6758953'],
    ['another sign', LOG.replace('-3.7033504', '3.7033504'), 'line 2'],
    ['another word', LOG.replace('Press', 'Volume'), 'line 1'],
    ['a number for a word', LOG.replace('Temp', '3'), 'line 1'],
    ['one word more', LOG.replace('Temp', 'Temp Temp'), 'line 1'],
    ['a line less', LOG.replace(/^.*Loop.*\n/m, ''), 'line 4'],
    ['nothing', '', 'line 1: only one'],
    ['no number', LOG.replace('5.670064', 'nan'), 'line 3'],
    [
      'an infinite number, which any relative tolerance would let through',
      LOG.replace('5.670064', '1e999'),
      'line 3',
    ],
  ])('differ by %s', (_, other, where) => {
    expect(difference(other, LOG, rule())).toContain(where);
    expect(difference(LOG, other, rule())).not.toBeNull();
  });

  it('a difference below the absolute tolerance counts for nothing, however large it is beside the numbers', () => {
    expect(difference('1e-12', '-1e-12', rule())).not.toBeNull();
    expect(difference('1e-12', '-1e-12', rule({ absolute: 1e-11 }))).toBeNull();
  });

  it('ignore lines of the named patterns, and blank ones, wherever they stand', () => {
    const other = `\n${LOG.replace('1.38', '2.77').replace('0:00:01', '0:00:02')}`;
    expect(difference(LOG, other, rule())).not.toBeNull();
    const ignore = ['Loop time of *', 'Total wall time: *'];
    expect(difference(LOG, other, rule({ ignore }))).toBeNull();
    expect(difference(LOG, other.replace(/^.*Loop.*\n/m, ''), rule({ ignore }))).toBeNull();
  });
});
