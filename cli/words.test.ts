import { describe, expect, it } from 'vitest';
import { UsageError } from './errors.ts';
import { count, credit, duration, parameters, parseDuration, parseWhole } from './words.ts';

describe('lengths of time', () => {
  it.each([
    ['90s', 90],
    ['30m', 1800],
    ['30min', 1800],
    ['1h', 3600],
    ['1h30m', 5400],
    ['1h 30m', 5400],
    ['0.5h', 1800],
    ['2d', 172_800],
  ])('reads %s', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

  it.each(['', '1', 'h', '-1h', '1h30', '1 hour', '0s', '1h!', 'NaNh'])('refuses "%s"', (text) =>
    expect(() => parseDuration(text)).toThrow(UsageError),
  );

  it('writes them', () => {
    expect([duration(59), duration(200), duration(5400), duration(100_000)]).toEqual([
      '59 s',
      '3 min 20 s',
      '1 h 30 min',
      '1 d 3 h',
    ]);
  });
});

it('reads whole numbers within their limits', () => {
  expect(parseWhole('port', '8080', 0, 65_535)).toBe(8080);
  for (const text of ['', '-1', '65536', '1.5', '0x10', 'many'])
    expect(() => parseWhole('port', text, 0, 65_535)).toThrow('--port takes a whole number from 0 to 65535');
});

it('writes counts, credit and parameters', () => {
  expect(count(1_234_567)).toBe('1,234,567');
  expect(credit(1_234_560_000)).toBe('1,234.6');
  expect(parameters({ energyGeV: 91.19, processes: ['mu', 'tau'], more: { a: 1 } })).toBe(
    'energyGeV 91.19, processes mu,tau, more {"a":1}',
  );
});
