import { type Counted, eventsOf } from '../../../protocol/compare.ts';
import type { ReferenceTable } from '../../../protocol/reference.ts';
import type { HistogramAxis } from '../../../protocol/release.ts';

/** What there is to look at: comparisons with measured data, and histograms without any. */
export interface Choices {
  readonly tables: readonly ReferenceTable[];
  readonly axes: readonly HistogramAxis[];
}

/** A name of either in one list; names of histograms have no colon. */
export const keyOfTable = ({ id }: ReferenceTable) => `data:${id}`;

/**
 * Tables, unless there are events and none is of those that were measured (leading order makes no hadrons); then the histograms
 * that have none, without those that only help others: numbers of events, squares.
 */
export function choicesOf(counted: Counted, references: readonly ReferenceTable[], events: number): Choices {
  const tables = references.filter(({ derivation }) => events === 0 || eventsOf(counted, derivation) > 0);
  const helpers = new Set(counted.axes.flatMap(({ per, squares }) => [per, squares]));
  // The picture with data shows these as they are; rates and asymmetries are something else than their histograms.
  const shown = new Set(
    tables.flatMap(({ derivation }) =>
      derivation.from === 'density' || derivation.from === 'probability' ? [derivation.histogram] : [],
    ),
  );
  return { tables, axes: counted.axes.filter(({ name }) => !helpers.has(name) && !shown.has(name)) };
}

export function isSameChoices(one: Choices, other: Choices): boolean {
  const same = (a: readonly unknown[], b: readonly unknown[]) =>
    a.length === b.length && a.every((each, i) => each === b[i]);
  return same(one.tables, other.tables) && same(one.axes, other.axes);
}

export type Choice =
  | { readonly key: string; readonly table: ReferenceTable }
  | { readonly key: string; readonly axis: HistogramAxis };

/** The chosen one while it exists (the next campaign may have others), else the first: one with data where there is one. */
export function chosenOf({ tables, axes }: Choices, key: string): Choice | null {
  const table = tables.find((one) => keyOfTable(one) === key);
  if (table) return { key, table };
  const axis = axes.find(({ name }) => name === key);
  if (axis) return { key, axis };
  const [first] = tables;
  if (first) return { key: keyOfTable(first), table: first };
  return axes[0] ? { key: axes[0].name, axis: axes[0] } : null;
}
