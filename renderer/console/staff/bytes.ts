import { unit } from '../../shared/format.ts';

/** "3.2 MB", "41 GB" */
export function bytesText(bytes: number): string {
  return bytes < 1e9
    ? unit(bytes / 1e6, 'megabyte', bytes < 1e8 ? 1 : 0)
    : unit(bytes / 1e9, 'gigabyte', bytes < 1e11 ? 1 : 0);
}
