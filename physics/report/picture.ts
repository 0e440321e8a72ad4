import type { ComparedBin, Comparison } from '../../protocol/compare.ts';
import type { ReferenceTable } from '../../protocol/reference.ts';

/** Sizes in pixels: the distribution above, the ratio of model to data below. */
const WIDTH = 560;
const LEFT = 64;
const RIGHT = 546;
const TOP = 44;
const MIDDLE = 300;
const RATIO_TOP = 312;
const BOTTOM = 400;
const HEIGHT = 440;
const RATIO = { low: 0.6, high: 1.4 };

const DATA = '#111';
const MODEL = '#c2410c';
const SOFT = '#6b7280';

interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const px = (value: number) => String(Math.round(value * 100) / 100);

function linearTicks(low: number, high: number, count: number): number[] {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= raw) ?? raw;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function linear(low: number, high: number, from: number, to: number, count: number): Scale {
  return {
    at: (value) => from + ((value - low) / (high - low)) * (to - from),
    ticks: linearTicks(low, high, count),
  };
}

function logarithmic(low: number, high: number, from: number, to: number): Scale {
  const [first, last] = [Math.log10(low), Math.log10(high)];
  const ticks = Array.from(
    { length: Math.floor(last) - Math.ceil(first) + 1 },
    (_, i) => Math.ceil(first) + i,
  );
  const thinned = ticks.filter((_, i) => i % Math.ceil(ticks.length / 7) === 0);
  return {
    at: (value) => from + ((Math.log10(Math.max(value, low)) - first) / (last - first)) * (to - from),
    ticks: thinned.map((exponent) => Number(`1e${exponent}`)),
  };
}

function heights(bins: readonly ComparedBin[], logY: boolean): Scale {
  const values = bins.flatMap(({ data, model, errorUp }) => [data + errorUp, model]);
  const high = Math.max(...values);
  if (!logY) return linear(0, high * 1.12, MIDDLE, TOP, 6);
  const positive = bins.flatMap(({ data, model }) => [data, model]).filter((value) => value > 0);
  return logarithmic(Math.max(Math.min(...positive) / 2, high / 1e7), high * 2, MIDDLE, TOP);
}

const label = (value: number) =>
  value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e4) ? value.toExponential(0) : String(value);

/** A step at each bin's model value. */
function steps(bins: readonly ComparedBin[], x: Scale, height: (bin: ComparedBin) => number): string {
  return bins
    .map((bin, i) => `${i === 0 ? 'M' : 'L'}${px(x.at(bin.low))} ${px(height(bin))}H${px(x.at(bin.high))}`)
    .join('');
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** The comparison as an SVG document: data as points with errors, the model as a line, below their ratio with the data's errors as a band. */
export function picture(table: ReferenceTable, { bins, chi2, n }: Comparison): string {
  const first = bins[0]?.low ?? 0;
  const last = bins.at(-1)?.high ?? 1;
  const x = linear(first, last, LEFT, RIGHT, 7);
  const y = heights(bins, table.logY);
  const ratio = linear(RATIO.low, RATIO.high, BOTTOM, RATIO_TOP, 4);
  const inRatio = (value: number) => ratio.at(clamp(value, RATIO.low, RATIO.high));
  const measured = bins.filter((bin) => bin.data > 0);
  const point = ({ low, high, data, errorDown, errorUp }: ComparedBin) => {
    const at = px(x.at((low + high) / 2));
    const top = y.at(data + errorUp);
    const bottom = Math.min(MIDDLE, y.at(Math.max(data - errorDown, 0)));
    return `<path d="M${at} ${px(top)}V${px(bottom)}"/><circle cx="${at}" cy="${px(y.at(data))}" r="2.2" fill="${DATA}" stroke="none"/>`;
  };
  const band = ({ low, high, data, errorDown, errorUp }: ComparedBin) => {
    const top = inRatio(1 + errorUp / data);
    return `<rect x="${px(x.at(low))}" y="${px(top)}" width="${px(x.at(high) - x.at(low))}" height="${px(inRatio(1 - errorDown / data) - top)}"/>`;
  };
  const tick = (at: number, value: number) =>
    `<text x="${LEFT - 7}" y="${px(at + 4)}" text-anchor="end">${label(value)}</text><path d="M${LEFT} ${px(at)}h5" stroke="${DATA}"/>`;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="${DATA}">`,
    `<title>${escaped(table.title)}: ${escaped(table.experiment)} and evgen</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="17" font-size="14" font-weight="bold">${escaped(table.title)}</text>`,
    `<text x="${LEFT}" y="34" fill="${SOFT}">${escaped(`${table.experiment}, ${table.paper}; ${table.energyGeV} GeV`)}</text>`,
    `<text x="${RIGHT}" y="34" text-anchor="end" fill="${MODEL}">chi2/N ${(chi2 / Math.max(1, n)).toFixed(2)}, N ${n}</text>`,
    `<g fill="none" stroke="${DATA}"><rect x="${LEFT}" y="${TOP}" width="${RIGHT - LEFT}" height="${MIDDLE - TOP}"/><rect x="${LEFT}" y="${RATIO_TOP}" width="${RIGHT - LEFT}" height="${BOTTOM - RATIO_TOP}"/></g>`,
    `<g>${y.ticks.map((value) => tick(y.at(value), value)).join('')}${ratio.ticks.map((value) => tick(ratio.at(value), value)).join('')}</g>`,
    `<g text-anchor="middle">${x.ticks.map((value) => `<text x="${px(x.at(value))}" y="${BOTTOM + 16}">${label(value)}</text><path d="M${px(x.at(value))} ${BOTTOM}v-5M${px(x.at(value))} ${MIDDLE}v-5" stroke="${DATA}"/>`).join('')}</g>`,
    `<text x="${RIGHT}" y="${BOTTOM + 33}" text-anchor="end">${escaped(table.xLabel)}</text>`,
    `<text transform="translate(14 ${TOP}) rotate(-90)" text-anchor="end">${escaped(table.yLabel)}</text>`,
    `<text transform="translate(14 ${(RATIO_TOP + BOTTOM) / 2}) rotate(-90)" text-anchor="middle">evgen / data</text>`,
    `<g fill="#fde68a">${measured.map(band).join('')}</g>`,
    `<path d="M${LEFT} ${px(ratio.at(1))}H${RIGHT}" stroke="${DATA}" stroke-dasharray="4 3"/>`,
    `<g fill="none" stroke="${MODEL}" stroke-width="1.6"><path d="${steps(bins, x, (bin) => Math.min(MIDDLE, y.at(bin.model)))}"/><path d="${steps(measured, x, (bin) => inRatio(bin.model / bin.data))}"/></g>`,
    `<g stroke="${DATA}">${bins
      .filter((bin) => bin.data > 0 || bin.errorUp > 0)
      .map(point)
      .join('')}</g>`,
    '</svg>',
    '',
  ];
  return lines.join('\n');
}
