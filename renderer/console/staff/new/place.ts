/** What the server says is wrong, and where: in the text, and in the document. */
export interface Wrong {
  readonly message: string;
  readonly line: number | null;
  /** "sweep.energyGeV[2]"; '': of the whole, or not told. */
  readonly path: string;
}

/** @param place as the server tells it: "line 4, column 3 (sweep.energyGeV[2])", "line 2, column 1" or a path alone */
export function wrongAt(message: string, place: string | null): Wrong {
  const [, line, path = ''] = /^line (\d+), column \d+(?: \((.*)\))?$/.exec(place ?? '') ?? [];
  if (line !== undefined) return { message, line: Number(line), path };
  return { message, line: null, path: place ?? '' };
}

/** Whether something wrong at a path is of a key of the document, or below it. */
export function isOf(path: string, key: string): boolean {
  return path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`);
}

/** Whether it is of a parameter, in whichever way that goes through the points. */
export function isOfParameter(path: string, name: string): boolean {
  const inPoint = path.replace(/^points\[\d+\]/, 'points');
  return ['parameters', 'sweep', 'points', 'sample.ranges'].some((key) => isOf(inPoint, `${key}.${name}`));
}
