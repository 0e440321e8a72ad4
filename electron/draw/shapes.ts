/** Distance of a point from a shape's edge, in the units of the drawing; negative inside. */
export type Shape = (x: number, y: number) => number;

export function disc(cx: number, cy: number, radius: number): Shape {
  return (x, y) => Math.hypot(x - cx, y - cy) - radius;
}

export function ring(cx: number, cy: number, radius: number, width: number): Shape {
  return (x, y) => Math.abs(Math.hypot(x - cx, y - cy) - radius) - width / 2;
}

/** A stroke with round ends. */
export function stroke(x1: number, y1: number, x2: number, y2: number, width: number): Shape {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const square = dx * dx + dy * dy || 1;
  return (x, y) => {
    const along = Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / square));
    return Math.hypot(x - x1 - along * dx, y - y1 - along * dy) - width / 2;
  };
}

/** A rectangle with round corners. */
export function box(left: number, top: number, width: number, height: number, corner: number): Shape {
  const [cx, cy] = [left + width / 2, top + height / 2];
  return (x, y) => {
    const qx = Math.abs(x - cx) - width / 2 + corner;
    const qy = Math.abs(y - cy) - height / 2 + corner;
    return Math.hypot(Math.max(qx, 0), Math.max(qy, 0)) + Math.min(Math.max(qx, qy), 0) - corner;
  };
}

export function without(shape: Shape, hole: Shape): Shape {
  return (x, y) => Math.max(shape(x, y), -hole(x, y));
}

export type Colour = readonly [red: number, green: number, blue: number];

export interface Layer {
  readonly shape: Shape;
  /** At the top and at the bottom of the drawing. */
  readonly fill: readonly [Colour, Colour];
}

/** Pixels as RGBA, not premultiplied. @param units side of the drawing's square, in its own units */
export function paint(layers: readonly Layer[], units: number, pixels: number): Uint8Array {
  const image = new Uint8Array(pixels * pixels * 4);
  const step = units / pixels;
  for (let row = 0; row < pixels; row++) {
    for (let column = 0; column < pixels; column++) {
      let [red, green, blue, alpha] = [0, 0, 0, 0];
      for (const { shape, fill } of layers) {
        const cover = coverage(shape, column * step, row * step, step);
        if (cover === 0) continue;
        const down = row / Math.max(1, pixels - 1);
        const rest = alpha * (1 - cover);
        const total = cover + rest;
        const mix = (of: number, i: 0 | 1 | 2) =>
          ((fill[0][i] * (1 - down) + fill[1][i] * down) * cover + of * rest) / total;
        [red, green, blue, alpha] = [mix(red, 0), mix(green, 1), mix(blue, 2), total];
      }
      image.set([red, green, blue, alpha * 255].map(Math.round), (row * pixels + column) * 4);
    }
  }
  return image;
}

const SAMPLES = 4;

/** Part of a pixel that the shape covers. */
function coverage(shape: Shape, left: number, top: number, size: number): number {
  const middle = shape(left + size / 2, top + size / 2);
  if (middle > size) return 0;
  if (middle < -size) return 1;
  let inside = 0;
  for (let i = 0; i < SAMPLES; i++)
    for (let j = 0; j < SAMPLES; j++)
      if (shape(left + ((i + 0.5) / SAMPLES) * size, top + ((j + 0.5) / SAMPLES) * size) <= 0) inside++;
  return inside / SAMPLES ** 2;
}
