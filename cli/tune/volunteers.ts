import { setTimeout as delay } from 'node:timers/promises';
import type { Computed } from '../../physics/tune/tune.ts';
import { type CampaignSpec, CampaignSummary } from '../../protocol/campaign.ts';
import { CampaignList } from '../../protocol/project-api.ts';
import { pointSeed } from '../../server/campaigns/units.ts';
import { type Api, ask } from '../api.ts';
import { askCampaign } from '../commands/campaigns.ts';
import { CliError, EXIT } from '../errors.ts';
import { clean } from '../terminal.ts';

export interface VolunteerOptions {
  readonly api: Api;
  readonly stopping: AbortSignal;
  /** Between two looks at how far it is. */
  readonly pollMs: number;
  readonly onProgress: (summary: CampaignSummary) => void;
}

const STOPPED =
  'stopped; the campaign goes on, and the same command waits for it again: what is pushed stays as it is';

/** Pushes a campaign, which changes nothing where it is there already, and waits until volunteers have computed it. */
export function volunteersCompute({ api, stopping, pollMs, onProgress }: VolunteerOptions) {
  return async (spec: CampaignSpec): Promise<Computed[]> => {
    const raw = { data: JSON.stringify(spec), type: 'application/yaml' };
    let summary = await ask(api, { method: 'POST', path: '/staff/campaigns', raw, schema: CampaignSummary });
    onProgress(summary);
    while (summary.state !== 'complete') {
      if (summary.state === 'cancelled')
        throw new CliError(
          EXIT.failed,
          `campaign ${summary.name} is cancelled${summary.reason === null ? '' : ` (${clean(summary.reason)})`}; tune under another name`,
        );
      if (summary.unitsValid + summary.unitsSetAside === summary.units && summary.unitsSetAside > 0)
        throw new CliError(
          EXIT.failed,
          `campaign ${summary.name}: ${summary.unitsSetAside} work units are set aside after too many attempts; the project’s staff page says why`,
        );
      await delay(pollMs, undefined, { signal: stopping }).catch((cause) => {
        throw new CliError(EXIT.failed, STOPPED, { cause });
      });
      const before = summary;
      const { campaigns } = await ask(api, { path: '/campaigns', schema: CampaignList });
      summary = campaigns.find(({ name }) => name === spec.name) ?? summary;
      if (summary.unitsValid !== before.unitsValid || summary.state !== before.state) onProgress(summary);
    }
    const detail = await askCampaign(api, spec.name);
    return detail.points.map(({ index, eventsValid, histograms }) => ({
      seed: pointSeed(spec.seed, index),
      events: eventsValid,
      histograms,
    }));
  };
}
