import type { CoreView } from '../../protocol/engine-api.ts';
import type { CoreTimes } from './cpu-times.ts';

/** Use of the cores between two readings. */
export interface CpuUse {
  /** Shares of each core's time. */
  readonly cores: readonly CoreView[];
  /** Cores' worth of time, all cores together. */
  readonly others: number;
  readonly ours: number;
  readonly seconds: number;
}

/**
 * Divides what the cores did between us and others.
 *
 * The sum is exact: others = busy of all cores less the processor time of our processes, whatever their
 * priority (so the niced work of other people counts as others'). Which core ours was on is not recorded by
 * the system per process; our capsules run niced, so our time is first laid on niced time, core by core in
 * proportion, and what is left (system calls, the engine itself) on the remaining busy time. No core gets more than
 * it was busy, so nothing is counted twice.
 *
 * @param oursSeconds processor time our processes used between the readings
 * @returns null where no core is in both readings or no time has passed
 */
export function attribute(
  before: readonly CoreTimes[],
  after: readonly CoreTimes[],
  oursSeconds: number,
): CpuUse | null {
  const earlier = new Map(before.map((core) => [core.index, core]));
  const spans = after.flatMap((core) => {
    const from = earlier.get(core.index);
    if (!from) return [];
    const total = core.total - from.total;
    if (!(total > 0)) return [];
    // The kernel's idle and iowait may step back by a tick; a share stays a share.
    const busy = clamp(core.busy - from.busy, 0, total);
    return [{ index: core.index, total, busy, niced: clamp(core.niced - from.niced, 0, busy) }];
  });
  if (spans.length === 0) return null;

  const seconds = sum(spans.map((span) => span.total)) / spans.length;
  const busy = sum(spans.map((span) => span.busy));
  const ours = clamp(oursSeconds, 0, busy);
  const niced = sum(spans.map((span) => span.niced));
  const onNiced = Math.min(ours, niced);
  const onRest = ours - onNiced;
  const rest = busy - onNiced;
  const cores = spans.map((span) => {
    const fromNiced = niced > 0 ? (onNiced * span.niced) / niced : 0;
    const fromRest = rest > 0 ? (onRest * (span.busy - fromNiced)) / rest : 0;
    const mine = clamp(fromNiced + fromRest, 0, span.busy);
    return { index: span.index, others: (span.busy - mine) / span.total, ours: mine / span.total };
  });
  return { cores, others: (busy - ours) / seconds, ours: ours / seconds, seconds };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
