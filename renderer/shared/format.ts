import { shallowRef } from 'vue';

/**
 * Numbers, times and names as people read them, in the page's language. Each function reads `locale`, so what a template
 * shows follows a change of language by itself.
 */
const locale = shallowRef('en-GB');
const THIN_SPACE = '\u2009';
const MINUS = '\u2212';

/** @param tag of BCP 47, such as "de-CH" */
export function setFormatLocale(tag: string): void {
  locale.value = tag;
}

/** Making a format costs a hundred times what using it does. */
const numbers = new Map<string, Intl.NumberFormat>();
const moments = new Map<string, Intl.DateTimeFormat>();

function number(value: number, options: Intl.NumberFormatOptions): string {
  const key = `${locale.value} ${JSON.stringify(options)}`;
  let format = numbers.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale.value, options);
    numbers.set(key, format);
  }
  return format.format(value).replace('-', MINUS);
}

function moment(value: Date, options: Intl.DateTimeFormatOptions): string {
  const key = `${locale.value} ${JSON.stringify(options)}`;
  let format = moments.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(locale.value, options);
    moments.set(key, format);
  }
  return format.format(value);
}

/** "1,234,567" */
export function count(value: number): string {
  return number(value, { maximumFractionDigits: 0 });
}

/** "1.23M": for axes and narrow places */
export function shortCount(value: number): string {
  return number(value, { notation: 'compact', maximumSignificantDigits: 3 });
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Of an axis: counts as shortCount(), small values with their own digits, those too long for that as powers: "0.02", "10⁻⁵" */
export function axisNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return shortCount(value);
  if (size === 0 || size >= 1e-3) return plainNumber(value);
  const [lead, exponent] = value.toExponential(2).split('e-');
  const power = [...(exponent ?? '')].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return Number(lead) === 1 ? `10⁻${power}` : `${plainNumber(Number(lead))}·10⁻${power}`;
}

/** "3.46": at least `digits` significant digits, never an exponent */
export function significant(value: number, digits = 3): string {
  if (value === 0) return number(0, {});
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.min(12, Math.max(0, digits - 1 - magnitude));
  return number(value, { maximumFractionDigits: decimals });
}

/** Events per second, with as many decimals as its size deserves and always the same number of them for that size. */
export function rate(perSecond: number): string {
  const decimals = perSecond >= 100 || perSecond === 0 ? 0 : perSecond >= 10 ? 1 : 2;
  return number(perSecond, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** 0.42 -> "42%" */
export function share(fraction: number, decimals = 0): string {
  return number(fraction, { style: 'percent', maximumFractionDigits: decimals });
}

type Unit =
  | 'millisecond'
  | 'second'
  | 'minute'
  | 'hour'
  | 'day'
  | 'celsius'
  | 'megabyte'
  | 'gigabyte'
  | 'percent';

/** A value with its unit, both by locale: "45 sec", "45 s", "45 Sek." */
export function unit(value: number, name: Unit, decimals = 0): string {
  return number(value, {
    style: 'unit',
    unit: name,
    unitDisplay: 'short',
    maximumFractionDigits: decimals,
  });
}

/** Exact enough to act on, never falsely exact: "45 sec", "3 min 20 sec", "2 hr 5 min", "3 days 4 hr" */
export function duration(seconds: number): string {
  if (seconds < 59.5) return unit(Math.round(seconds), 'second');
  const rounded = Math.round(seconds);
  if (rounded < 3600) return pair(Math.floor(rounded / 60), 'minute', rounded % 60, 'second');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'hour', minutes % 60, 'minute');
  const hours = Math.round(seconds / 3600);
  return pair(Math.floor(hours / 24), 'day', hours % 24, 'hour');
}

/** An estimate, rounded the way people say it; null: so short that a number would be a pretence. */
export function roughly(seconds: number): string | null {
  if (seconds < 5) return null;
  if (seconds <= 55) return duration(Math.ceil(seconds / 5) * 5);
  if (seconds < 600) return duration(Math.ceil(seconds / 30) * 30);
  return duration(Math.round(seconds / 60) * 60);
}

function pair(large: number, largeUnit: Unit, small: number, smallUnit: Unit): string {
  const head = unit(large, largeUnit);
  return small === 0 ? head : `${head} ${unit(small, smallUnit)}`;
}

/** Milliseconds of something we wait for: "85 ms", "1.4 sec", "23 sec" */
export function milliseconds(ms: number): string {
  if (ms < 1000) return unit(Math.round(ms), 'millisecond');
  return unit(ms / 1000, 'second', ms < 10_000 ? 1 : 0);
}

/** Credit is reference-core time (docs/credit.md): seconds with one decimal until it is large. */
export function credit(microseconds: number): string {
  const seconds = microseconds / 1e6;
  const decimals = seconds >= 1000 || seconds === 0 ? 0 : 1;
  return number(seconds, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** "14:05" or "2:05 pm", with the day where it is not today's */
export function timeOfDay(at: string, now: Date): string {
  const then = new Date(at);
  const time = moment(then, { hour: 'numeric', minute: '2-digit' });
  if (then.toDateString() === now.toDateString()) return time;
  return `${moment(then, { weekday: 'short', day: 'numeric', month: 'short' })}, ${time}`;
}

/** "24 Nov, 14:05:07": for logs */
export function timestamp(at: string): string {
  const options = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' };
  return moment(new Date(at), options as Intl.DateTimeFormatOptions);
}

/** "24 November 2026" */
export function day(at: string): string {
  return moment(new Date(at), { day: 'numeric', month: 'long', year: 'numeric' });
}

/** "24 Nov": a calendar day "2026-11-24" on an axis */
export function shortDay(date: string): string {
  return moment(new Date(`${date}T12:00:00`), { day: 'numeric', month: 'short' });
}

/** Names of the week's days, index 0 = Sunday. */
export function weekday(index: number, style: 'short' | 'long' = 'short'): string {
  return moment(new Date(2026, 10, 1 + index, 12), { weekday: style });
}

/** "08:00" */
export function clockHour(hour: number): string {
  return moment(new Date(2026, 10, 1, hour % 24), { hour: 'numeric', minute: '2-digit' });
}

const UNITS: Readonly<Record<string, string>> = {
  TeV: 'TeV',
  GeV: 'GeV',
  MeV: 'MeV',
  Pb: 'pb',
  Fb: 'fb',
  Mb: 'MB',
  Seconds: 's',
  Ms: 'ms',
  Mm: 'mm',
};

/** A card's parameter for people: the unit that ends the name moves behind the value. ("energyGeV", 91.2) -> energy 91.2 GeV */
export function parameter(name: string, value: unknown): { readonly name: string; readonly value: string } {
  const ending = Object.keys(UNITS).find((one) => name.endsWith(one) && name.length > one.length);
  const stem = ending ? name.slice(0, -ending.length) : name;
  const words = stem
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[._-]+/g, ' ')
    .toLowerCase();
  const text = written(value);
  return { name: words, value: ending ? `${text}${THIN_SPACE}${UNITS[ending]}` : text };
}

function written(value: unknown): string {
  if (typeof value === 'number') return plainNumber(value);
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(written).join(' ') || '–';
  return JSON.stringify(value);
}

/** All of a card's parameters in one line: "energy 91.2 GeV, processes mu tau" */
export function parameterLine(parameters: Readonly<Record<string, unknown>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => parameter(name, value))
    .map((one) => `${one.name} ${one.value}`)
    .join(', ');
}

/** A number of an axis or a card with its own digits and a true minus: -0.25 -> "−0.25" */
export function plainNumber(value: number): string {
  return number(Number(value.toPrecision(10)), { maximumSignificantDigits: 10, useGrouping: false });
}
