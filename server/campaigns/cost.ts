import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { DryRun } from '../../protocol/staff-api.ts';
import { unitCount } from './units.ts';

/** What hosts did lately, of all campaigns; the last two of the release in question. */
export interface Lately {
  readonly since: Date;
  readonly until: Date;
  readonly results: number;
  readonly hosts: number;
  /** As hosts say. */
  readonly seconds: number;
  readonly releaseEvents: number;
  readonly releaseSeconds: number;
}

type Cost = Pick<
  DryRun,
  'units' | 'events' | 'copies' | 'lately' | 'basis' | 'secondsPerEvent' | 'coreHours' | 'hours'
>;

/** What a campaign of so many points costs. */
export function costOf(
  spec: CampaignSpec,
  points: number,
  referenceMicrosecondsPerEvent: number,
  lately: Lately | null,
): Cost {
  const { events, eventsPerUnit, validation } = spec;
  const copies =
    'quorum' in validation ? validation.quorum : 'tolerance' in validation ? validation.tolerance : 1;
  const isMeasured = lately !== null && lately.releaseEvents > 0 && lately.releaseSeconds > 0;
  const secondsPerEvent = isMeasured
    ? lately.releaseSeconds / lately.releaseEvents
    : referenceMicrosecondsPerEvent / 1e6;
  const coreHours = (points * events * copies * secondsPerEvent) / 3600;
  const slots = lately ? slotsOf(lately) : 0;
  return {
    units: unitCount({ points, events, eventsPerUnit }),
    events: points * events,
    copies,
    lately: lately && {
      since: lately.since.toISOString(),
      until: lately.until.toISOString(),
      results: lately.results,
      hosts: lately.hosts,
      slots,
    },
    basis: isMeasured ? 'hosts' : 'reference',
    secondsPerEvent,
    coreHours,
    hours: slots > 0 ? coreHours / slots : null,
  };
}

/** Work units in hand at a time: from the start of the first to the end of the last, hosts computed so long together. */
function slotsOf({ since, until, seconds }: Lately): number {
  const span = (until.getTime() - since.getTime()) / 1000;
  return span > 0 ? seconds / span : 0;
}
