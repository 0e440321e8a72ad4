import type { HistoryDay } from '../../../protocol/engine-api.ts';

const COLUMNS = [
  'day',
  'project',
  'campaign',
  'unitsValid',
  'eventsValid',
  'creditMicroseconds',
  'cpuSeconds',
] as const satisfies readonly (keyof HistoryDay)[];

/** RFC 4180, one line a day and campaign. */
export function toCsv(days: readonly HistoryDay[]): string {
  const lines = days.map((day) => COLUMNS.map((column) => cell(day[column])).join(','));
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

export function toJson(days: readonly HistoryDay[]): string {
  return `${JSON.stringify({ days }, null, 2)}\n`;
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  // A name that begins like a formula must not become one in a spreadsheet.
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
