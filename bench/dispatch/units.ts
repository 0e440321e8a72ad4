import type { CampaignSpec } from '../../protocol/campaign.ts';
import { pointSeed, unitRange } from '../../server/campaigns/units.ts';
import { Deliveries } from './delivery.ts';
import { Imitation } from './outputs.ts';

const ENERGIES = [89.4, 91.19, 93];
const PARAMETERS = { stages: [], hepmcEvents: 5 };
const EVENTS = { events: 5_000_000, blockEvents: 250_000 };

const SEED = 1;
const CUT = { points: ENERGIES.length, events: EVENTS.events * 200_000, eventsPerUnit: EVENTS.events };

/** Work units of the leading order, which is computed in no time: 20 blocks, three files that go with the report. */
export const UNITS: Partial<CampaignSpec> = {
  seed: SEED,
  parameters: PARAMETERS,
  sweep: { energyGeV: ENERGIES },
  eventsPerUnit: CUT.eventsPerUnit,
  blockEvents: EVENTS.blockEvents,
  events: CUT.events,
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

/** What hosts send for the first `count` of them, made ahead. */
export async function deliveriesOf(imitation: Imitation, count: number): Promise<Deliveries> {
  const deliveries = new Deliveries(imitation);
  await deliveries.prepare(
    Array.from({ length: count }, (_, n) => {
      const { pointIndex, firstEvent, events } = unitRange(CUT, n);
      const { blockEvents } = EVENTS;
      const parameters = { ...PARAMETERS, energyGeV: ENERGIES[pointIndex] ?? 0 };
      return { seed: pointSeed(SEED, pointIndex), firstEvent, events, blockEvents, parameters };
    }),
  );
  return deliveries;
}
