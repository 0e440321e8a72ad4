import type { Derivation, ReferenceFigure, ReferenceTable } from './reference.ts';
import type { HistogramAxis } from './release.ts';

/** Merged histograms and what they count: whatever made them. */
export interface Counted {
  readonly axes: readonly HistogramAxis[];
  /** Name -> [underflow, bins, overflow]. */
  readonly histograms: Readonly<Record<string, readonly number[]>>;
}

/** A histogram that a comparison needs is not there, or has no edge where the data have one. */
export class NotComparable extends Error {
  override readonly name = 'NotComparable';
}

export interface Value {
  readonly value: number;
  readonly error: number;
}

export interface ComparedBin {
  readonly low: number;
  readonly high: number;
  readonly data: number;
  readonly errorDown: number;
  readonly errorUp: number;
  readonly model: number;
  readonly modelError: number;
}

export interface Comparison {
  readonly bins: readonly ComparedBin[];
  readonly chi2: number;
  /** Bins that have an error: the others say nothing. */
  readonly n: number;
}

interface Histogram {
  readonly axis: HistogramAxis;
  readonly counts: readonly number[];
  readonly squares: readonly number[] | null;
  /** Events it is divided by. */
  readonly events: number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function find({ axes, histograms }: Counted, name: string): Histogram {
  const axis = axes.find((one) => one.name === name);
  const counts = histograms[name];
  if (!axis || counts?.length !== axis.edges.length + 1)
    throw new NotComparable(`there is no histogram "${name}"`);
  const scale = axis.scale ?? 1;
  const squares = axis.squares ? histograms[axis.squares] : undefined;
  const per = axis.per === undefined ? counts : histograms[axis.per];
  if (!per) throw new NotComparable(`there is no histogram "${axis.per}"`);
  return {
    axis,
    counts: counts.map((count) => count / scale),
    squares: squares?.map((count) => count / scale) ?? null,
    events: sum(per),
  };
}

/** Index of the edge at x; data and release may differ by rounding. */
function edgeAt({ axis }: Histogram, x: number): number {
  const { edges } = axis;
  const span = (edges.at(-1) ?? 0) - (edges[0] ?? 0);
  const i = edges.findIndex((edge) => Math.abs(edge - x) < 1e-7 * span + 1e-9);
  if (i < 0) throw new NotComparable(`"${axis.name}" has no edge at ${x}`);
  return i;
}

/** Mean content of [low, high) for each event, with the error that it has from the number of events. */
function content(histogram: Histogram, low: number, high: number): Value {
  const [from, to] = [edgeAt(histogram, low), edgeAt(histogram, high)];
  const { events, squares } = histogram;
  if (events === 0) return { value: 0, error: 0 };
  const value = sum(histogram.counts.slice(from + 1, to + 1)) / events;
  if (!squares) return { value, error: Math.sqrt(Math.max(value, 1 / events) / events) };
  // Several bins: their contents in one event may go together, so errors are added as such.
  const errors = squares
    .slice(from + 1, to + 1)
    .map((square, i) =>
      Math.sqrt(
        Math.max(0, square / events - ((histogram.counts[from + 1 + i] ?? 0) / events) ** 2) / events,
      ),
    );
  return { value, error: sum(errors) };
}

/** Share of events whose x lies below an edge. */
function below(histogram: Histogram, x: number): number {
  const to = edgeAt(histogram, x);
  return histogram.events === 0 ? 0 : sum(histogram.counts.slice(0, to + 1)) / histogram.events;
}

/** What the histograms say of the measured quantity in a bin. */
export function derive(counted: Counted, derivation: Derivation, low: number, high: number): Value {
  const over = ({ value, error }: Value, width: number) => ({ value: value / width, error: error / width });
  if (derivation.from === 'density')
    return over(content(find(counted, derivation.histogram), low, high), high - low);
  if (derivation.from === 'probability') return content(find(counted, derivation.histogram), low, high);
  if (derivation.from === 'asymmetry') {
    const histogram = find(counted, derivation.histogram);
    const [back, front] = [content(histogram, low, high), content(histogram, -high, -low)];
    const difference = { value: back.value - front.value, error: Math.hypot(back.error, front.error) };
    return over(difference, high - low);
  }
  const upper = find(counted, derivation.upper);
  const share = below(upper, low) - below(find(counted, derivation.lower), low);
  const n = Math.max(1, upper.events);
  return { value: share, error: Math.sqrt(Math.max(share * (1 - share), 1 / n) / n) };
}

/**
 * Chi square over the bins; errors of data and of the model's statistics are added in quadrature. Systematic errors of the data go
 * together from bin to bin, which the tables do not tell: so chi2/n need not be 1 for a perfect model.
 */
export function compare(counted: Counted, table: ReferenceTable): Comparison {
  const bins = table.bins.map(([low, high, data, errorDown, errorUp]) => {
    const { value, error } = derive(counted, table.derivation, low, high);
    return { low, high, data, errorDown, errorUp, model: value, modelError: error };
  });
  const used = bins.filter((bin) => bin.errorDown > 0 || bin.errorUp > 0);
  const chi2 = sum(used.map((bin) => pull(bin) ** 2));
  return { bins, chi2, n: used.length };
}

/** How many events the comparison rests on; 0: there is nothing to compare yet. */
export function eventsOf(counted: Counted, derivation: Derivation): number {
  return find(counted, derivation.from === 'rate' ? derivation.upper : derivation.histogram).events;
}

/** Each bin of a histogram that has `per`, for each of those events; and how many these are. */
export function perEvent(counted: Counted, name: string): { events: number; bins: Value[] } {
  const histogram = find(counted, name);
  const { edges } = histogram.axis;
  const bins = edges.slice(1).map((high, i) => content(histogram, edges[i] ?? high, high));
  return { events: histogram.events, bins };
}

/** Histograms before any event. */
export function nothingCounted(axes: readonly HistogramAxis[]): Counted {
  const empty = axes.map(({ name, edges }) => [name, new Array<number>(edges.length + 1).fill(0)] as const);
  return { axes, histograms: Object.fromEntries(empty) };
}

/** Why a table can not be compared with these histograms, whatever they hold; null: it can. */
export function comparisonProblem(axes: readonly HistogramAxis[], table: ReferenceTable): string | null {
  try {
    compare(nothingCounted(axes), table);
    return null;
  } catch (error) {
    if (error instanceof NotComparable) return error.message;
    throw error;
  }
}

/** Beams are never quite at the nominal energy; a distribution changes little over so small a part of it. */
const SAME_ENERGY = 0.005;

/** @param energyGeV a point's parameter, which may be missing or anything else */
export function sameEnergy(energyGeV: unknown, measuredAt: number): boolean {
  return typeof energyGeV === 'number' && Math.abs(energyGeV / measuredAt - 1) <= SAME_ENERGY;
}

/** The tables that were measured where a point computes: its parameter energyGeV is theirs. */
export function tablesAt(
  tables: readonly ReferenceTable[],
  parameters: Readonly<Record<string, unknown>>,
): ReferenceTable[] {
  return tables.filter((table) => sameEnergy(parameters.energyGeV, table.energyGeV));
}

/** How far the model is from the data, in standard deviations; the data's error is the one towards the model. */
export function pull({ data, model, errorDown, errorUp, modelError }: ComparedBin): number {
  const error = Math.hypot(model > data ? errorUp : errorDown, modelError);
  return error > 0 ? (model - data) / error : 0;
}

/** Mean of x, each entry in the middle of its bin; exact for whole numbers in bins of width 2 around even ones. */
export function meanOf(counted: Counted, name: string): Value {
  const { axis, counts } = find(counted, name);
  const middles = axis.edges.slice(1).map((high, i) => ((axis.edges[i] ?? high) + high) / 2);
  const inside = counts.slice(1, -1);
  const n = sum(inside);
  if (n === 0) return { value: 0, error: 0 };
  const mean = sum(inside.map((count, i) => count * (middles[i] ?? 0))) / n;
  const square = sum(inside.map((count, i) => count * (middles[i] ?? 0) ** 2)) / n;
  return { value: mean, error: Math.sqrt(Math.max(0, square - mean * mean) / n) };
}

export function figureOf(counted: Counted, { figure }: Pick<ReferenceFigure, 'figure'>): Value {
  if (figure.of === 'mean') return meanOf(counted, figure.histogram);
  if (figure.of === 'difference') {
    const [more, less] = [meanOf(counted, figure.histogram), meanOf(counted, figure.less)];
    return { value: more.value - less.value, error: Math.hypot(more.error, less.error) };
  }
  const histogram = find(counted, figure.histogram);
  const bin = histogram.axis.binLabels?.indexOf(figure.label) ?? -1;
  const { edges } = histogram.axis;
  const [low, high] = [edges[bin], edges[bin + 1]];
  if (low === undefined || high === undefined)
    throw new NotComparable(`"${figure.histogram}" has no bin "${figure.label}"`);
  return content(histogram, low, high);
}
