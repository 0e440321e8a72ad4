import {
  type ComparedBin,
  type Counted,
  compare,
  figureOf,
  NotComparable,
  nothingCounted,
  sameEnergy,
} from '../../protocol/compare.ts';
import type { ReferenceFigure, ReferenceTable } from '../../protocol/reference.ts';
import type { HistogramAxis } from '../../protocol/release.ts';
import type { TuneRequest } from './document.ts';

/** A measured distribution, or a single figure as one of one bin. */
export type Measured =
  | { readonly kind: 'table'; readonly reference: ReferenceTable }
  | { readonly kind: 'figure'; readonly reference: ReferenceFigure };

export interface Observable {
  readonly measured: Measured;
  /** In the sum that is minimised; 0: held out. */
  readonly weight: number;
}

/** Something asked for is not measured, or not there. */
export class NoSuchObservable extends Error {
  override readonly name = 'NoSuchObservable';
  /** In the request. */
  readonly path: readonly (string | number)[];
  constructor(path: readonly (string | number)[], message: string) {
    super(message);
    this.path = path;
  }
}

/** The bins that have an error, with what the histograms say of them. @throws NotComparable */
export function binsOf(counted: Counted, { kind, reference }: Measured): readonly ComparedBin[] {
  if (kind === 'table')
    return compare(counted, reference).bins.filter((bin) => bin.errorDown > 0 || bin.errorUp > 0);
  const { value, error } = reference;
  const { value: model, error: modelError } = figureOf(counted, reference);
  return [{ low: 0, high: 1, data: value, errorDown: error, errorUp: error, model, modelError }];
}

/** @throws NoSuchObservable */
export function choose(
  { fit, heldOut, parameters }: Pick<TuneRequest, 'fit' | 'heldOut' | 'parameters'>,
  all: readonly Measured[],
  axes: readonly HistogramAxis[],
): Observable[] {
  const { energyGeV } = parameters;
  const find = (id: string, path: readonly (string | number)[]): Measured => {
    const found = all.find(({ reference }) => reference.id === id);
    if (!found) throw new NoSuchObservable(path, `there is no measurement "${id}"; check the spelling`);
    const measuredAt = found.reference.energyGeV;
    if (!sameEnergy(energyGeV, measuredAt))
      throw new NoSuchObservable(
        path,
        `"${id}" was measured at ${measuredAt} GeV, which is not the samples’ energyGeV`,
      );
    try {
      binsOf(nothingCounted(axes), found);
    } catch (cause) {
      if (!(cause instanceof NotComparable)) throw cause;
      throw new NoSuchObservable(path, `"${id}" can not be compared with this release: ${cause.message}`);
    }
    return found;
  };
  return [
    ...Object.entries(fit).map(([id, weight]) => ({ measured: find(id, ['fit', id]), weight })),
    ...heldOut.map((id, i) => {
      if (Object.hasOwn(fit, id) || heldOut.indexOf(id) < i)
        throw new NoSuchObservable(
          ['heldOut', i],
          `"${id}" is named twice; a measurement is fitted or held out`,
        );
      return { measured: find(id, ['heldOut', i]), weight: 0 };
    }),
  ];
}
