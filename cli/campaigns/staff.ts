import { CampaignSummary } from '../../protocol/campaign.ts';
import { ask } from '../api.ts';
import type { Input } from '../command.ts';
import { findStaffServer, STAFF_SERVER_OPTIONS } from '../endpoints.ts';
import { dataOption } from '../folders.ts';
import { clean } from '../terminal.ts';
import { count } from '../words.ts';

export const STAFF_OPTIONS = { ...dataOption('project'), ...STAFF_SERVER_OPTIONS } as const;

export const REASON_OPTION = {
  reason: { value: 'TEXT', help: 'why, for whoever looks at the campaign; everybody can read it' },
} as const;

/** Asks the project to do something with a campaign, and says how the campaign is then. */
export async function act(input: Input, name: string, action: string, body: object): Promise<number> {
  const server = await findStaffServer(input);
  const path = `/staff/campaigns/${encodeURIComponent(name)}/${action}`;
  const summary = await ask(server, { method: 'POST', path, body, schema: CampaignSummary });
  input.terminal.document(summary);
  input.terminal.say(standing(summary));
  return 0;
}

function standing({ name, state, reason, units, unitsValid, eventsWanted }: CampaignSummary): string {
  const why = reason === null ? '' : ` (${clean(reason)})`;
  return `campaign ${clean(name)} is ${state}${why}: ${count(unitsValid)} of ${count(units)} work units done, ${count(eventsWanted)} events wanted`;
}
