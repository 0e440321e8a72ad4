import { FormatError } from './errors.ts';

/** The path below a repository's address that asks a server to sort servers by distance from the asker. */
export function geoPath(asker: string, hosts: readonly string[]): string {
  return `api/v1.0/geo/${encodeURIComponent(asker)}/${hosts.map(encodeURIComponent).join(',')}`;
}

/**
 * "2,1,3": the servers' numbers, from 1, nearest first.
 * @returns their indices, from 0
 * @throws FormatError unless each of them is there once
 */
export function parseGeoReply(text: string, servers: number): number[] {
  if (text.length > 16 * servers + 16 || !/^\d{1,6}(,\d{1,6})*\n?$/.test(text)) {
    throw new FormatError('geo reply', JSON.stringify(text.slice(0, 80)));
  }
  const order = text
    .trimEnd()
    .split(',')
    .map((number) => Number(number) - 1);
  const each = new Set(order);
  if (
    order.length !== servers ||
    each.size !== servers ||
    order.some((index) => index < 0 || index >= servers)
  ) {
    throw new FormatError('geo reply', `${JSON.stringify(text.trimEnd())} does not sort ${servers} servers`);
  }
  return order;
}

export function formatGeoReply(order: readonly number[]): string {
  return `${order.map((index) => index + 1).join(',')}\n`;
}
