import { expect, test } from 'vitest';
import { TRAY_STATES } from '../tray/state.ts';
import { TRAY_UNITS, trayIcon, trayTemplate } from './icons.ts';
import { paint } from './shapes.ts';

const PIXELS = 16;
const drawn = new Map(TRAY_STATES.map((state) => [state, paint(trayIcon(state), TRAY_UNITS, PIXELS)]));

/** WCAG 2.2: relative luminance, contrast ratio. */
function luminance(rgb: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
const contrast = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
const alpha = (image: Uint8Array) =>
  Array.from({ length: PIXELS ** 2 }, (_, i) => (image[i * 4 + 3] ?? 0) / 255);

test('each tray icon has 3:1 against light and dark panels at 16 pixels', () => {
  for (const [state, image] of drawn) {
    const full = Array.from({ length: PIXELS ** 2 }, (_, i) => [...image.subarray(i * 4, i * 4 + 4)]).filter(
      (pixel) => pixel[3] === 255,
    );
    expect(full.length, `${state}: whole pixels`).toBeGreaterThan(8);
    for (const panel of [
      [255, 255, 255],
      [30, 30, 30],
    ])
      for (const pixel of full)
        expect(contrast(luminance(pixel), luminance(panel)), `${state} on ${panel}`).toBeGreaterThanOrEqual(
          3,
        );
  }
});

test('no two silhouettes are alike: a fifth of the larger one at least is different', () => {
  const shapes = [...drawn].map(([state, image]) => ({ state, cover: alpha(image) }));
  for (const one of shapes)
    for (const other of shapes.filter(({ state }) => state > one.state)) {
      const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
      const difference = sum(one.cover.map((value, i) => Math.abs(value - (other.cover[i] ?? 0))));
      const larger = Math.max(sum(one.cover), sum(other.cover));
      expect(difference / larger, `${one.state} and ${other.state}`).toBeGreaterThan(0.2);
    }
});

test('a template for macOS is black, and as much of it as the coloured icon', () => {
  for (const state of TRAY_STATES) {
    const template = paint(trayTemplate(state), TRAY_UNITS, PIXELS);
    expect(alpha(template)).toEqual(alpha(drawn.get(state) ?? new Uint8Array()));
    expect(template.filter((_, i) => i % 4 !== 3).every((value) => value === 0)).toBe(true);
  }
});
