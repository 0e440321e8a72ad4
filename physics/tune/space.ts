/** The box of parameters that is sampled. The fit works in unit coordinates, -1 to 1 across each range. */
export interface Range {
  readonly name: string;
  readonly low: number;
  readonly high: number;
}

export type Point = Readonly<Record<string, number>>;

export function toUnit(ranges: readonly Range[], point: Point): number[] {
  return ranges.map(({ name, low, high }) => {
    const value = point[name];
    if (value === undefined) throw new RangeError(`the point has no ${name}`);
    return (2 * value - low - high) / (high - low);
  });
}

export function fromUnit(ranges: readonly Range[], x: readonly number[]): Point {
  return Object.fromEntries(
    ranges.map(({ name, low, high }, i) => [name, (low + high + (x[i] ?? 0) * (high - low)) / 2]),
  );
}
