import { expect, test } from 'vitest';
import { boundedConsole } from './console.ts';

function consoleAt() {
  let time = 0;
  let text = '';
  const print = boundedConsole(
    (chunk) => {
      text += Buffer.from(chunk).toString();
    },
    () => time,
  );
  return {
    print: (what: string) => print(Buffer.from(what)),
    pass: (ms: number) => {
      time += ms;
    },
    text: () => text,
  };
}

test('passes on what an honest program prints, unchanged', () => {
  const { print, pass, text } = consoleAt();
  for (let i = 0; i < 100; i++) {
    expect(print(`line ${i}\n`)).toBe(true);
    pass(1);
  }
  expect(text()).toBe(Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join(''));
});

test('shows the beginning of a flood, samples of the rest, and says what is left out', () => {
  const { print, pass, text } = consoleAt();
  let printed = 0;
  for (let i = 0; i < 5000; i++) {
    print('x'.repeat(1000));
    printed += 1000;
    pass(1);
  }
  const notes = [...text().matchAll(/\[(\d+) bytes left out: the program prints too fast\]/g)];
  expect(notes.length).toBeGreaterThan(5);
  expect(notes.length).toBeLessThan(40);
  expect(text().length).toBeLessThan(200_000 + 5 * 100_000 + 1000);
  const leftOut = notes.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  const shown = text().replaceAll(/\n\[[^\]]*\]\n/g, '').length;
  expect(leftOut + shown).toBeLessThanOrEqual(printed);
});

test('ends for good at the total', () => {
  const { print, pass, text } = consoleAt();
  let wanted = true;
  for (let i = 0; i < 100 && wanted; i++) {
    wanted = print('x'.repeat(50_000));
    pass(1000);
  }
  expect(wanted).toBe(false);
  expect(text()).toContain('the rest is left out');
  expect(text().length).toBeLessThan(1_001_000);
  const length = text().length;
  expect(print('more')).toBe(false);
  expect(text().length).toBe(length);
});
