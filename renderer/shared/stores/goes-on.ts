import type { StatusView } from '../../../protocol/engine-api.ts';

/**
 * Whether a new status says no more than how the work goes on: between two work units it says for half a second that
 * the next is prepared, and the reason for the same cores may be another every few seconds.
 */
export function goesOn(before: StatusView | null, after: StatusView): boolean {
  return before !== null && isWork(before) && isWork(after);
}

const isWork = ({ state }: StatusView) => state === 'computing' || state === 'starting';
