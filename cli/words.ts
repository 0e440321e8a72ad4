import { UsageError } from './errors.ts';

const number = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });

/** "1,234,567" */
export function count(value: number): string {
  return number.format(value);
}

/** "1.2 MB" */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return `${Number((value / 1000 ** step).toPrecision(3))} ${units[step]}`;
}

/** "3 min 20 s" */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

/** Credit is reference-core time (docs/credit.md); one credit is one second of it. */
export function credit(microseconds: number): string {
  return (microseconds / 1e6).toLocaleString('en-GB', { maximumFractionDigits: 1 });
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/**
 * Reads "90s", "30m", "1h", "1h30m" or "2d".
 * @returns seconds
 * @throws UsageError
 */
export function parseDuration(text: string): number {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(min|[smhd])\s*/gy)];
  const read = parts.map(([whole]) => whole).join('');
  const seconds = parts.reduce((sum, [, value, unit]) => sum + Number(value) * (SECONDS[unit ?? ''] ?? 0), 0);
  if (read !== text.trim() || !(seconds > 0))
    throw new UsageError(`"${text}" is not a length of time; write for example 30m, 1h, 1h30m or 2d`);
  return seconds;
}

/** @throws UsageError */
export function parseWhole(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new UsageError(`--${option} takes a whole number from ${min} to ${max}, not "${text}"`);
  return value;
}

/** Two digits of the error, and the value to the same decimal. */
export function withError(value: number, error: number): [string, string] {
  const decimals = error > 0 ? Math.min(8, Math.max(0, 1 - Math.floor(Math.log10(error)))) : 4;
  return [value.toFixed(decimals), error.toFixed(decimals)];
}

/** "energyGeV 91.19, processes mu,tau" */
export function parameters(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        `${name} ${Array.isArray(value) ? value.join(',') : typeof value === 'object' ? JSON.stringify(value) : value}`,
    )
    .join(', ');
}
