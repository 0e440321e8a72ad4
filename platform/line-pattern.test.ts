import { describe, expect, it } from 'vitest';
import { isNumber, matchLine, numberOf } from './line-pattern.ts';

describe('a pattern for lines', () => {
  it.each([
    ['# # # # # #', '      50    1.6758903   -4.7955425            0   -2.2823355     5.670064 ', 50],
    ['step # of *', 'step\t120 of 500', 120],
    ['*step #', 'now at step 7', 7],
    ['*step #*', 'step 7, will finish soon', 7],
    ['#/*', '3/10', 3],
    ['*#', 'reached 1.5e3', 1500],
  ])('%s takes %s', (pattern, line, first) => {
    expect(matchLine(pattern, line)?.[0]).toBe(first);
  });

  it.each([
    ['# # # # # #', 'Step Temp E_pair E_mol TotEng Press'],
    ['# # # # # #', '1 by 1 by 1 MPI processor grid'],
    ['step #', 'step 7 of 9'],
    ['step #', 'a step 7'],
    ['*end', 'ends'],
    ['a*a', 'a'],
    ['*', 'x'.repeat(1001)],
  ])('%s does not take %s', (pattern, line) => {
    expect(matchLine(pattern, line)).toBeNull();
  });

  it('without a number there is nothing to read, but the line is taken', () => {
    expect(matchLine('Loop time of *', 'Loop time of 1.38 on 1 procs')).toEqual([]);
    expect(matchLine('*', '')).toEqual([]);
    expect(matchLine('a*b*c', 'a b b c')).toEqual([]);
  });

  it('takes its time in proportion, whatever the program writes', () => {
    const began = performance.now();
    for (let i = 0; i < 20; i++) matchLine('*1*1*1*1*1*1*1*1x', '1'.repeat(1000));
    for (let i = 0; i < 20; i++) matchLine('*#*#*#x', '1'.repeat(1000));
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

it('a number is one word, in the ways programs write it', () => {
  for (const word of ['1', '-1.', '+.5', '1e-6', '1.5D+03']) expect(isNumber(word)).toBe(true);
  for (const word of ['', '.', '1a', '0x10', 'nan', '1e', '1 2', '--1']) expect(isNumber(word)).toBe(false);
  expect(numberOf('1.5D+03')).toBe(1500);
});
