/**
 * Numbers, times and names as people read them. The pages' language is English, so numbers are written the English way
 * everywhere ("1.234" must not mean two things on one page); times of day follow the person's own habit.
 */
const LOCALE = 'en-GB';
const THIN_SPACE = '\u2009';
const MINUS = '\u2212';

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 0 });

/** "1,234,567" */
export function count(value: number): string {
  return whole.format(value);
}

/** "1.23M": for axes and narrow places */
export function shortCount(value: number): string {
  return compact.format(value);
}

/** "3.46": at least `digits` significant digits, never an exponent */
export function significant(value: number, digits = 3): string {
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.min(12, Math.max(0, digits - 1 - magnitude));
  return new Intl.NumberFormat(LOCALE, { maximumFractionDigits: decimals }).format(value).replace('-', MINUS);
}

/** Events per second, with as many decimals as its size deserves and always the same number of them for that size. */
export function rate(perSecond: number): string {
  const decimals = perSecond >= 100 || perSecond === 0 ? 0 : perSecond >= 10 ? 1 : 2;
  return new Intl.NumberFormat(LOCALE, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(perSecond);
}

/** 0.42 -> "42%" */
export function share(fraction: number): string {
  return percent.format(fraction);
}

/** Exact enough to act on, never falsely exact: "45 s", "3 min 20 s", "2 h 5 min", "3 days 4 h" */
export function duration(seconds: number): string {
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 3600) return pair(Math.floor(rounded / 60), 'min', rounded % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(seconds / 3600);
  const days = Math.floor(hours / 24);
  return pair(days, days === 1 ? 'day' : 'days', hours % 24, 'h');
}

/** An estimate, rounded the way people say it: "a few seconds", "about 40 s", "about 12 min" */
export function timeLeft(seconds: number): string {
  if (seconds < 5) return 'a few seconds';
  if (seconds <= 55) return `about ${Math.ceil(seconds / 5) * 5} s`;
  if (seconds < 600) return `about ${duration(Math.ceil(seconds / 30) * 30)}`;
  return `about ${duration(Math.round(seconds / 60) * 60)}`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  const head = `${large} ${largeUnit}`;
  return small === 0 ? head : `${head} ${small} ${smallUnit}`;
}

/** Milliseconds of something we wait for: "85 ms", "1.4 s", "23 s" */
export function milliseconds(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** Credit is reference-core time (docs/credit.md): seconds with one decimal until it is large. */
export function credit(microseconds: number): string {
  const seconds = microseconds / 1e6;
  if (seconds >= 1000 || seconds === 0) return whole.format(seconds);
  return new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(
    seconds,
  );
}

/** "14:05" or "2:05 pm", with the day where it is not today's */
export function timeOfDay(moment: string, now: Date): string {
  const then = new Date(moment);
  const time = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' }).format(then);
  if (then.toDateString() === now.toDateString()) return time;
  return `${new Intl.DateTimeFormat(LOCALE, { weekday: 'short', day: 'numeric', month: 'short' }).format(then)}, ${time}`;
}

/** "24 November 2026" */
export function day(moment: string): string {
  return new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'long', year: 'numeric' }).format(
    new Date(moment),
  );
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
  const unit = Object.keys(UNITS).find((ending) => name.endsWith(ending) && name.length > ending.length);
  const stem = unit ? name.slice(0, -unit.length) : name;
  const words = stem
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[._-]+/g, ' ')
    .toLowerCase();
  const text = written(value);
  return { name: words, value: unit ? `${text}${THIN_SPACE}${UNITS[unit]}` : text };
}

function written(value: unknown): string {
  if (typeof value === 'number') return plainNumber(value);
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(written).join(' ');
  return JSON.stringify(value);
}

/** All of a card's parameters in one line: "energy 91.2 GeV, processes mu tau" */
export function parameterLine(parameters: Readonly<Record<string, unknown>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => parameter(name, value))
    .map((one) => `${one.name} ${one.value}`)
    .join(', ');
}

/** "2 work units", "1 work unit" */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A number of an axis or a card with its own digits and a true minus: -0.25 -> "−0.25" */
export function plainNumber(value: number): string {
  return String(Number(value.toPrecision(10))).replace('-', MINUS);
}
