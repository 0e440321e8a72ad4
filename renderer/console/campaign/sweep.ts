type Parameters = Readonly<Record<string, unknown>>;

export interface Point {
  readonly index: number;
  readonly parameters: Parameters;
}

/** A parameter that is not the same at all points. */
export interface Dimension {
  readonly name: string;
  /** Each once: numbers ascending, others as they come. */
  readonly values: readonly unknown[];
}

const textOf = (value: unknown) => JSON.stringify(value) ?? '';

/**
 * What can be chosen of a sweep, parameter by parameter. null: the points are no full grid (a tune's samples, an
 * adaptive sweep), so that only whole points can be chosen.
 */
export function dimensionsOf(points: readonly Point[]): Dimension[] | null {
  const names = [...new Set(points.flatMap(({ parameters }) => Object.keys(parameters)))];
  const dimensions = names.flatMap((name): Dimension[] => {
    const values = [
      ...new Map(points.map(({ parameters }) => [textOf(parameters[name]), parameters[name]])).values(),
    ];
    return values.length > 1 ? [{ name, values: values.sort(byNumber) }] : [];
  });
  const size = dimensions.reduce((product, { values }) => product * values.length, 1);
  return size === points.length ? dimensions : null;
}

function byNumber(a: unknown, b: unknown): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : 0;
}

/** The point of a grid that differs from another in one parameter. */
export function moved<P extends Point>(points: readonly P[], from: P, name: string, value: unknown): P {
  const wanted = { ...from.parameters, [name]: value };
  const isThere = ({ parameters }: P) =>
    Object.entries(wanted).every(([key, one]) => textOf(parameters[key]) === textOf(one));
  return points.find(isThere) ?? from;
}
