import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { Release } from '../../protocol/release.ts';
import { emptyCounts } from '../validate/blocks.ts';
import { type PointProblem, pointCount } from './points.ts';

/** Of all points' parameters, as they are stored. */
const MAX_PARAMETER_BYTES = 50e6;
/** Bins of all points' histograms. */
const MAX_BINS = 20e6;

/** What a short document makes of itself: each point has all parameters and all histograms. */
export function sizeProblem(
  spec: CampaignSpec,
  release: Pick<Release, 'histograms'>,
  count = pointCount(spec),
): PointProblem | null {
  const path = [spec.points ? 'points' : spec.sample ? 'sample' : 'sweep'];
  const bytes = JSON.stringify(spec.parameters).length * count;
  if (bytes > MAX_PARAMETER_BYTES) {
    const message = `the parameters of ${count} points have ${bytes} bytes, at most ${MAX_PARAMETER_BYTES} are possible; shorten them, or split the campaign`;
    return { path, message };
  }
  const bins = emptyCounts(release.histograms).length * count;
  if (bins <= MAX_BINS) return null;
  const message = `the histograms of ${count} points have ${bins} bins, at most ${MAX_BINS} are possible; split the campaign`;
  return { path, message };
}
