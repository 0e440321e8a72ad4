import type { TrayState } from '../tray/state.ts';
import { box, type Colour, disc, type Layer, ring, type Shape, stroke, without } from './shapes.ts';

const WHITE: Colour = [255, 255, 255];
const flat = (shape: Shape, colour: Colour): Layer => ({ shape, fill: [colour, colour] });

/** The application's icon on a square of 64: resources/icon.svg in other words. */
export const APP_UNITS = 64;
export const APP_ICON: readonly Layer[] = [
  {
    shape: box(0, 0, 64, 64, 15),
    fill: [
      [0x3d, 0x7b, 0xff],
      [0x1b, 0x3f, 0xbf],
    ],
  },
  flat(stroke(21, 11, 21, 51, 6), WHITE),
  flat(ring(35, 38, 14, 6), WHITE),
  flat(disc(44.9, 28.1, 8), [0x24, 0x50, 0xd6]),
  flat(disc(44.9, 28.1, 5), [0xff, 0xc5, 0x3d]),
];

/**
 * The tray's icons on a square of 16, on whole pixels. Each state has a silhouette of its own, so that it reads without
 * colour too; colours are of middling lightness, for panels from white to black (icons.test.ts holds the contrast).
 */
export const TRAY_UNITS = 16;
const BLUE: Colour = [0x3d, 0x7b, 0xff];
const GREY: Colour = [0x80, 0x84, 0x8c];
const AMBER: Colour = [0xd0, 0x71, 0x0a];
const RED: Colour = [0xe0, 0x4a, 0x3f];

const TRAY: Readonly<Record<TrayState, { readonly colour: Colour; readonly shapes: readonly Shape[] }>> = {
  // A full disc with a particle going round.
  computing: { colour: BLUE, shapes: [disc(7, 9, 5), without(disc(13, 3, 2.5), disc(7, 9, 6))] },
  // The ring, empty.
  waiting: { colour: GREY, shapes: [ring(8, 8, 5.5, 2), disc(8, 8, 1.5)] },
  paused: { colour: AMBER, shapes: [box(3, 2, 4, 12, 1), box(9, 2, 4, 12, 1)] },
  attention: { colour: RED, shapes: [box(6, 1, 4, 9, 1.5), box(6, 11.5, 4, 4, 1.5)] },
  // The ring, crossed out.
  offline: {
    colour: GREY,
    shapes: [without(ring(8, 8, 6, 2), stroke(2, 14, 14, 2, 5)), stroke(3, 13, 13, 3, 2)],
  },
};

export function trayIcon(state: TrayState): readonly Layer[] {
  const { colour, shapes } = TRAY[state];
  return shapes.map((shape) => flat(shape, colour));
}

/** macOS colours a template itself: black, and how much of it. */
export function trayTemplate(state: TrayState): readonly Layer[] {
  return TRAY[state].shapes.map((shape) => flat(shape, [0, 0, 0]));
}
