import { afterEach, describe, expect, it } from 'vitest';
import {
  axisNumber,
  count,
  credit,
  duration,
  milliseconds,
  parameter,
  parameterLine,
  plainNumber,
  rate,
  roughly,
  setFormatLocale,
  share,
  shortCount,
  significant,
  timeOfDay,
} from './format.ts';

describe('numbers', () => {
  it.each([
    [0, '0'],
    [1234567, '1,234,567'],
    [Number.MAX_SAFE_INTEGER, '9,007,199,254,740,991'],
  ])('writes the count %d as %s', (value, text) => expect(count(value)).toBe(text));

  it.each([
    [0, '0'],
    [50000, '50k'],
    [1_500_000, '1.5m'],
  ])('shortens %d to %s', (value, text) => expect(shortCount(value).toLowerCase()).toBe(text));

  it.each([
    [0, '0'],
    [45.5949, '45.6'],
    [0.012345, '0.0123'],
    [1234.5, '1,235'],
    [-2.5, '−2.5'],
  ])('keeps three digits of %d: %s', (value, text) => expect(significant(value)).toBe(text));

  it('writes a rate with the same number of decimals for the same size, so that it does not jump', () => {
    expect([rate(2.5), rate(3), rate(9.999)]).toEqual(['2.50', '3.00', '10.00']);
    expect([rate(10), rate(12.34)]).toEqual(['10.0', '12.3']);
    expect([rate(100), rate(6_950_214.2), rate(0)]).toEqual(['100', '6,950,214', '0']);
  });

  it('counts credit in reference-core seconds', () => {
    expect([credit(0), credit(123_456), credit(999_949_999), credit(18_352_400_000)]).toEqual([
      '0',
      '0.1',
      '999.9',
      '18,352',
    ]);
  });

  it('shows digits as they were written', () => {
    expect([plainNumber(-0.25), plainNumber(0.1 + 0.2), plainNumber(16.5)]).toEqual(['−0.25', '0.3', '16.5']);
  });

  it('writes shares as percent', () => expect(share(0.716)).toBe('72%'));
});

it.each([
  [0, '0'],
  [0.02, '0.02'],
  [12, '12'],
  [1e-5, '10⁻⁵'],
  [2.5e-4, '2.5·10⁻⁴'],
  [1e-12, '10⁻¹²'],
])('writes %d on an axis as %s', (value, text) => expect(axisNumber(value)).toBe(text));

describe('times', () => {
  it.each([
    [0, '0 secs'],
    [59.4, '59 secs'],
    [59.6, '1 min'],
    [200, '3 mins 20 secs'],
    [3599.6, '1 hr'],
    [7500, '2 hrs 5 mins'],
    [86_399, '1 day'],
    [273_600, '3 days 4 hrs'],
  ])('writes %d s as %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  it.each([
    [2, null],
    [37, '40 secs'],
    [58, '1 min'],
    [200, '3 mins 30 secs'],
    [750, '13 mins'],
    [5000, '1 hr 23 mins'],
  ])('estimates %d s as %s', (seconds, text) => expect(roughly(seconds)).toBe(text));

  it.each([
    [85.4, '85 ms'],
    [640, '640 ms'],
    [5210, '5.2 secs'],
    [23_400, '23 secs'],
  ])('writes %d ms as %s', (ms, text) => expect(milliseconds(ms)).toBe(text));

  it('tells the day only where it is not today', () => {
    const now = new Date(2026, 10, 24, 12, 0);
    const today = timeOfDay(new Date(2026, 10, 24, 14, 5).toISOString(), now);
    const tomorrow = timeOfDay(new Date(2026, 10, 25, 14, 5).toISOString(), now);
    expect(today).toContain('05');
    expect(today).not.toContain('Nov');
    expect(tomorrow).toContain('25 Nov');
  });
});

describe('parameters', () => {
  it.each([
    ['energyGeV', 91.19, 'energy', '91.19\u2009GeV'],
    ['mZGeV', 91.1875, 'm z', '91.1875\u2009GeV'],
    ['hepmcEvents', 20, 'hepmc events', '20'],
    ['GeV', 3, 'ge v', '3'],
    ['processes', ['mu', 'tau'], 'processes', 'mu tau'],
    ['seedName', 'a b', 'seed name', 'a b'],
    ['nested', { a: 1 }, 'nested', '{"a":1}'],
  ])('reads %s', (name, value, shownName, shownValue) =>
    expect(parameter(name, value)).toEqual({ name: shownName, value: shownValue }),
  );

  it('puts all in one line', () => {
    expect(parameterLine({ energyGeV: 35, hepmcEvents: 5 })).toBe('energy 35\u2009GeV, hepmc events 5');
    expect(parameterLine({ stages: [], processes: ['mu', 'c'] })).toBe('stages –, processes mu c');
    expect(parameterLine({})).toBe('');
  });
});

describe('in another language', () => {
  afterEach(() => setFormatLocale('en-GB'));

  it('writes numbers and units its way', () => {
    setFormatLocale('de');
    expect([count(1234567), significant(-2.5), plainNumber(91.19)]).toEqual(['1.234.567', '−2,5', '91,19']);
    expect(duration(7500)).toBe('2 Std. 5 Min.');
    setFormatLocale('fr');
    expect(count(1234567)).toBe('1\u202f234\u202f567');
  });
});
