import { sha256 } from '../platform/files.ts';
import { ProvenancePage, type ProvenanceUnit } from '../protocol/catalogue.ts';
import { API_PREFIX } from '../protocol/project-api.ts';
import { type Api, ask } from './api.ts';
import { NotRunningError } from './errors.ts';

/** What a campaign's merged units come from, page after page. */
export async function* provenancePages(
  api: Api,
  campaign: string,
  point: number | null,
): AsyncGenerator<ProvenancePage> {
  for (let after: string | null = ''; after !== null; ) {
    const query = new URLSearchParams({
      ...(point === null ? {} : { point: String(point) }),
      ...(after === '' ? {} : { after }),
    });
    const path = `/campaigns/${encodeURIComponent(campaign)}/provenance?${query}`;
    const page: ProvenancePage = await ask(api, { path, schema: ProvenancePage });
    yield page;
    after = page.next;
  }
}

export async function provenanceUnits(
  api: Api,
  campaign: string,
  point: number | null,
): Promise<ProvenanceUnit[]> {
  const units: ProvenanceUnit[] = [];
  for await (const page of provenancePages(api, campaign, point)) units.push(...page.units);
  return units;
}

/** The bytes of an object; null where the project has it no longer, or damaged. */
export async function heldBytes(api: Api, hash: string, signal: AbortSignal): Promise<Buffer | null> {
  try {
    const answer = await fetch(`${api.url}${API_PREFIX}/objects/${hash}`, { signal });
    const bytes = Buffer.from(await answer.arrayBuffer());
    return answer.ok && sha256(bytes) === hash ? bytes : null;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new NotRunningError(`${api.who} at ${api.url} does not answer (${why}); ${api.remedy}`, { cause });
  }
}
