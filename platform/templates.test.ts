import { describe, expect, it } from 'vitest';
import { fillTemplate, TemplateRefused } from './templates.ts';

const schema = { properties: { temperature: { default: 1.5 }, kind: {} } };
const card = { seed: 7, firstEvent: 500, events: 250, parameters: {} as Record<string, never> };
const fill = (text: string, parameters: object = {}) =>
  fillTemplate(text, { ...card, parameters: parameters as Record<string, never> }, schema);

describe('a text made from the card', () => {
  it('holds the card’s numbers, parameters, and defaults where the card has none', () => {
    expect(fill('run {{events}} {{seed}} {{firstEvent}}\n')).toBe('run 250 7 500\n');
    expect(fill('T={{temperature}}')).toBe('T=1.5');
    expect(fill('T={{temperature}} {{kind}}', { temperature: 0.1, kind: 'fcc' })).toBe('T=0.1 fcc');
    expect(fill('{not} { {this} } $x')).toBe('{not} { {this} } $x');
  });

  it('gives every work unit a number of its own, the same each time', () => {
    const numbers = [0, 1, 2, 3].flatMap((seed) =>
      [0, 250, 500].map((firstEvent) => fillTemplate('{{random}}', { ...card, seed, firstEvent }, schema)),
    );
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const number of numbers.map(Number)) {
      expect(number).toBeGreaterThanOrEqual(1);
      expect(number).toBeLessThanOrEqual(900_000_000);
    }
    expect(fill('{{random}}')).toBe(fill('{{random}}'));
  });

  it.each([
    'a b',
    'a\nshell rm -rf .',
    '"',
    '$(x)',
    '../x',
    '-in',
    '.hidden',
    '',
    'x'.repeat(65),
    'naïve',
    null,
    [1],
    { a: 1 },
  ])('refuses %j as a value', (kind) => {
    expect(() => fill('{{kind}}', { kind })).toThrow(TemplateRefused);
  });

  it('refuses what nobody gives, and what objects inherit', () => {
    for (const name of ['kind', 'nothing', '', 'toString', '__proto__', ' seed'])
      expect(() => fill(`{{${name}}}`)).toThrow(TemplateRefused);
  });
});
