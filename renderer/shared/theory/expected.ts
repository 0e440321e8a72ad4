import type { HistogramAxis } from '../../../protocol/release.ts';
import { between, type Channel, channels, readInputs } from './ee-ff.ts';

/** Which part of a channel falls into [low, high) of a histogram. */
type Part = (channel: Channel, low: number, high: number) => number;

const COS_THETA: Readonly<Record<string, string>> = {
  cosThetaMu: 'mu',
  cosThetaTau: 'tau',
  cosThetaD: 'd',
  cosThetaU: 'u',
  cosThetaS: 's',
  cosThetaC: 'c',
  cosThetaB: 'b',
};

/**
 * What each bin would hold on average if leading order were all there is to know: exact, without a fit, scaled to the
 * number of events. null: not a histogram of evgen that we have a formula for.
 */
export function expectedCounts(
  application: string | null,
  parameters: Readonly<Record<string, unknown>>,
  axis: HistogramAxis,
  events: number,
): number[] | null {
  const part = application === 'evgen' ? partOf(axis.name) : null;
  const inputs = readInputs(parameters);
  if (!part || !inputs) return null;
  const all = channels(inputs);
  const total = all.reduce((sum, channel) => sum + between(channel, -1, 1), 0);
  if (!(total > 0)) return null;
  return axis.edges
    .slice(1)
    .map(
      (high, i) =>
        (events * all.reduce((sum, channel) => sum + part(channel, axis.edges[i] ?? high, high), 0)) / total,
    );
}

function partOf(histogram: string): Part | null {
  const only = COS_THETA[histogram];
  if (only) return (channel, low, high) => (channel.fermion.name === only ? between(channel, low, high) : 0);
  if (histogram === 'pdgCode')
    return (channel, low, high) =>
      channel.fermion.pdg >= low && channel.fermion.pdg < high ? between(channel, -1, 1) : 0;
  if (histogram === 'phi') return (channel, low, high) => (between(channel, -1, 1) * (high - low)) / 360;
  if (histogram === 'transverseMomentum') return acrossBeam;
  return null;
}

/** 2 pT / √s = β sin θ, the same for both signs of cos θ. */
function acrossBeam(channel: Channel, low: number, high: number): number {
  const cos = (x: number) => Math.sqrt(Math.max(0, 1 - (x / channel.beta) ** 2));
  const near = cos(high);
  const far = cos(low);
  return between(channel, near, far) + between(channel, -far, -near);
}

export interface Agreement {
  readonly chi2: number;
  readonly bins: number;
}

/** Pearson's chi square over the bins that expect enough for it to mean anything; null where none does. */
export function agreement(counts: readonly number[], expected: readonly number[]): Agreement | null {
  const used = expected
    .map((mean, i) => ({ mean, count: counts[i + 1] ?? 0 }))
    .filter(({ mean }) => mean >= 10);
  if (used.length === 0) return null;
  const chi2 = used.reduce((sum, { mean, count }) => sum + (count - mean) ** 2 / mean, 0);
  return { chi2, bins: used.length };
}
