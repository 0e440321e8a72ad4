import type { CampaignSpec } from '../../protocol/campaign.ts';
import { Imitation } from './outputs.ts';

const ENERGIES = [89.4, 91.19, 93];
const PARAMETERS = { stages: [], hepmcEvents: 5 };
const EVENTS = { events: 5_000_000, blockEvents: 250_000 };

/** Work units of the leading order, which is computed in no time: 20 blocks, three files that go with the report. */
export const UNITS: Partial<CampaignSpec> = {
  parameters: PARAMETERS,
  sweep: { energyGeV: ENERGIES },
  eventsPerUnit: EVENTS.events,
  blockEvents: EVENTS.blockEvents,
  events: EVENTS.events * 200_000,
  validation: { quorum: 1 },
};

/** What hosts send for them. */
export async function unitOutputs(program: Uint8Array): Promise<Imitation> {
  const imitation = new Imitation(program, ['blocks.jsonl', 'events.hepmc', 'summary.json']);
  for (const energyGeV of ENERGIES) {
    await imitation.prepare({ seed: 1, firstEvent: 0, ...EVENTS, parameters: { ...PARAMETERS, energyGeV } });
  }
  return imitation;
}
