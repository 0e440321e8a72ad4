import { z } from 'zod';

/** Where the window was last. */
export const WindowPlace = z.strictObject({
  bounds: z
    .strictObject({
      x: z.number().int(),
      y: z.number().int(),
      width: z.number().int(),
      height: z.number().int(),
    })
    .nullable()
    .default(null),
  isMaximised: z.boolean().default(false),
});
export type WindowPlace = z.infer<typeof WindowPlace>;

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const USUAL = { width: 1180, height: 780 };
export const SMALLEST = { width: 360, height: 480 };
/** So much of the window's top must be on some screen for a person to get hold of it. */
const GRIP = { width: 120, height: 40 };

/**
 * Bounds for the window on the screens there are now: a screen it was on may have been unplugged. Pure.
 * @param areas the usable area of each screen, the main one first
 */
export function boundsOn(areas: readonly Rectangle[], wished: Rectangle | null): Rectangle {
  const main = areas[0] ?? { x: 0, y: 0, ...USUAL };
  if (!wished) return centred(main, USUAL);
  const width = Math.max(SMALLEST.width, wished.width);
  const height = Math.max(SMALLEST.height, wished.height);
  const isReachable = areas.some((area) => {
    const across = Math.min(wished.x + width, area.x + area.width) - Math.max(wished.x, area.x);
    return across >= GRIP.width && wished.y >= area.y - 1 && wished.y <= area.y + area.height - GRIP.height;
  });
  return isReachable ? { x: wished.x, y: wished.y, width, height } : centred(main, { width, height });
}

function centred(area: Rectangle, size: { width: number; height: number }): Rectangle {
  const width = Math.min(size.width, area.width);
  const height = Math.min(size.height, area.height);
  return {
    x: Math.round(area.x + (area.width - width) / 2),
    y: Math.round(area.y + (area.height - height) / 2),
    width,
    height,
  };
}
