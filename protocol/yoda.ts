import type { CampaignDetail, CampaignPoint } from './campaign.ts';
import type { HistogramAxis } from './release.ts';

/**
 * A campaign's merged histograms as YODA 1 text (format V2), one Histo1D for each histogram and point, at
 * /CAMPAIGN/pNN/NAME. Counts have weights of one, so sums stay whole and files of several campaigns add up exactly; fixed-point
 * sums (HistogramAxis.scale) are given as the sums of weights they stand for.
 * Inside a bin only the sum is known: its moments are those of entries in the bin's middle.
 */
export function yodaText(detail: CampaignDetail, points: readonly CampaignPoint[] = detail.points): string {
  return points.flatMap((point) => detail.axes.map((axis) => histogram(detail.name, point, axis))).join('');
}

/** @returns pb, and its statistical error; null where nothing is merged yet */
export function crossSectionPb(
  point: Pick<CampaignPoint, 'crossSection'>,
): { value: number; error: number } | null {
  const { crossSection } = point;
  if (!crossSection || crossSection.attempted === 0) return null;
  const { maximumPb, accepted, attempted } = crossSection;
  const p = accepted / attempted;
  return { value: maximumPb * p, error: maximumPb * Math.sqrt((p * (1 - p)) / attempted) };
}

interface Sums {
  readonly w: number;
  readonly w2: number;
  readonly wx: number;
  readonly wx2: number;
}

function histogram(campaign: string, point: CampaignPoint, axis: HistogramAxis): string {
  const scale = axis.scale ?? 1;
  const counts = (point.histograms[axis.name] ?? []).map((count) => count / scale);
  const squares = axis.squares ? point.histograms[axis.squares]?.map((count) => count / scale) : undefined;
  const { edges } = axis;
  const bins = edges.slice(1).map((high, i) => {
    const low = edges[i] ?? high;
    const n = counts[i + 1] ?? 0;
    const middle = (low + high) / 2;
    const w2 = squares?.[i + 1] ?? n;
    return { low, high, sums: { w: n, w2, wx: n * middle, wx2: n * middle * middle } };
  });
  // Where they lie outside is not known: they are put on the edge.
  const under = outside(counts[0] ?? 0, edges[0] ?? 0);
  const over = outside(counts[edges.length] ?? 0, edges.at(-1) ?? 0);
  const total = [under, ...bins.map(({ sums }) => sums), over].reduce((a, b) => ({
    w: a.w + b.w,
    w2: a.w2 + b.w2,
    wx: a.wx + b.wx,
    wx2: a.wx2 + b.wx2,
  }));
  const path = `/${campaign}/p${String(point.index).padStart(2, '0')}/${axis.name}`;
  const sigma = crossSectionPb(point);
  const area = bins.reduce((sum, { sums }) => sum + sums.w, 0);
  return [
    `BEGIN YODA_HISTO1D_V2 ${path}`,
    `Parameters: ${yaml(JSON.stringify(point.parameters))}`,
    ...(sigma ? [`CrossSectionPb: ${real(sigma.value)}`, `CrossSectionErrorPb: ${real(sigma.error)}`] : []),
    `Events: ${point.eventsValid}`,
    `Path: ${path}`,
    `Title: ${yaml(axis.title)}`,
    'Type: Histo1D',
    `XLabel: ${yaml(axis.xLabel)}`,
    `YLabel: ${yaml(axis.yLabel)}`,
    '---',
    `# Mean: ${real(total.w > 0 ? total.wx / total.w : 0)}`,
    `# Area: ${real(area)}`,
    '# ID\t ID\t sumw\t sumw2\t sumwx\t sumwx2\t numEntries',
    `Total   \tTotal   \t${columns(total)}`,
    `Underflow\tUnderflow\t${columns(under)}`,
    `Overflow\tOverflow\t${columns(over)}`,
    '# xlow\t xhigh\t sumw\t sumw2\t sumwx\t sumwx2\t numEntries',
    ...bins.map(({ low, high, sums }) => `${real(low)}\t${real(high)}\t${columns(sums)}`),
    'END YODA_HISTO1D_V2',
    '',
    '',
  ].join('\n');
}

function outside(n: number, x: number): Sums {
  return { w: n, w2: n, wx: n * x, wx2: n * x * x };
}

/** sumw sumw2 sumwx sumwx2 numEntries; with weights of one sumw, sumw2 and numEntries are the same. */
function columns({ w, w2, wx, wx2 }: Sums): string {
  return [w, w2, wx, wx2, w].map(real).join('\t');
}

/** As C's %e: at least six decimals, and as many as the double needs; at least two digits of exponent. */
function real(value: number): string {
  const exact = value.toExponential();
  const text = exact.indexOf('e') < '1.000000e'.length - 1 ? value.toExponential(6) : exact;
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** A single-line YAML scalar; "~" is YODA's empty. */
function yaml(text: string): string {
  return text === '' ? '~' : JSON.stringify(text);
}
