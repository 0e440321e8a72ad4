import type { CampaignDetail } from './campaign.ts';
import { crossSectionPb } from './yoda.ts';

/** The document of `results --format json`: all that a plot needs, cross-sections worked out. */
export function exported(detail: CampaignDetail) {
  return {
    campaign: detail.name,
    title: detail.title,
    application: detail.application,
    version: detail.version,
    state: detail.state,
    axes: detail.axes,
    points: detail.points.map((point) => ({
      index: point.index,
      parameters: point.parameters,
      unitsValid: point.unitsValid,
      eventsValid: point.eventsValid,
      crossSectionPb: crossSectionPb(point),
      histograms: point.histograms,
    })),
  };
}
