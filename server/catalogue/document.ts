import type { CampaignSpec } from '../../protocol/campaign.ts';
import { readId } from '../ids.ts';
import type { Database } from '../store/database.ts';
import { DOCUMENT } from './queries.ts';

/**
 * @param idOrName "c3", or the campaign's name
 * @returns null where there is no such campaign
 */
export async function campaignDocument(db: Database, idOrName: string): Promise<CampaignSpec | null> {
  const [row] = await db.query<{ spec: CampaignSpec }>(DOCUMENT, [readId('c', idOrName) ?? 0, idOrName]);
  return row?.spec ?? null;
}
