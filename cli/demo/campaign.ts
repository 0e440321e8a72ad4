import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { API_PREFIX, CampaignList, invitationTo, ProjectInfo } from '../../protocol/project-api.ts';
import { pushDocument } from '../push.ts';
import { DemoError } from './part.ts';

const PROGRAMS = ['build/evgen/evgen-x86_64-linux', 'build/evgen/evgen.wasm'];
const RELEASE = 'physics/evgen/release.yaml';
const APPLIANCE = 'build/appliance/appliance.yaml';

/**
 * Gives the project the generator as built here, the appliance, and a campaign with enough open work units.
 * A release never changes once published, so the demo's version ends in a hash of its programs; a campaign
 * that is (nearly) complete is followed by the next, with the next seed.
 * @returns the invitation to this project
 */
export async function pushDemo(options: {
  root: string;
  url: string;
  staffToken: string;
  /** null: the long demo campaign; else a quick one with at least so many units open. */
  unitsNeeded: number | null;
  say: (line: string) => void;
}): Promise<string> {
  const { root, url, staffToken, say } = options;
  const programs = PROGRAMS.filter((file) => existsSync(join(root, file)));
  if (programs.length === 0)
    throw new DemoError(
      'the event generator is not built; see the messages of set-up above for what is missing',
    );
  const hash = createHash('sha256');
  for (const file of [RELEASE, ...programs]) hash.update(await readFile(join(root, file)));
  const build = hash.digest('hex').slice(0, 8);

  const { version: base } = z
    .object({ version: z.string() })
    .parse(parse(await readFile(join(root, RELEASE), 'utf8')));
  const version = `${base}-${build}`;
  await pushDocument({ file: join(root, RELEASE), url, staffToken, overrides: { version } });
  if (existsSync(join(root, APPLIANCE))) await pushDocument({ file: join(root, APPLIANCE), url, staffToken });
  else say('There is no appliance image here: WebAssembly does the work.');

  const kind = options.unitsNeeded === null ? 'demo' : 'quick';
  const prefix = `${kind}-${build}-`;
  const { campaigns: summaries } = CampaignList.parse(await getJson(`${url}${API_PREFIX}/campaigns`));
  const open = summaries
    .filter((one) => one.name.startsWith(prefix))
    .reduce((sum, one) => sum + one.units - one.unitsValid - one.unitsSetAside, 0);
  const seed = 1 + summaries.filter((one) => one.name.startsWith(prefix)).length;
  if (open < (options.unitsNeeded ?? 1)) {
    const file = join(root, `physics/campaigns/${kind}.yaml`);
    const name = `${prefix}${seed}`;
    const events = await eventsFor(options.unitsNeeded ?? 1, file);
    await pushDocument({ file, url, staffToken, overrides: { version, name, seed, events } });
  }
  return invitationTo(url, ProjectInfo.parse(await getJson(`${url}${API_PREFIX}/project`)));
}

/** Events of each point, at least those of the file, so that the campaign has so many units. */
async function eventsFor(units: number, file: string): Promise<number> {
  const { sweep, events, eventsPerUnit } = z
    .object({ sweep: z.record(z.string(), z.array(z.json())), events: z.number(), eventsPerUnit: z.number() })
    .parse(parse(await readFile(file, 'utf8')));
  const points = Object.values(sweep).reduce((product, values) => product * values.length, 1);
  return Math.max(events, Math.ceil(units / points) * eventsPerUnit);
}

async function getJson(url: string): Promise<unknown> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!answer.ok)
    throw new DemoError(`the project server answered ${answer.status} for ${new URL(url).pathname}`);
  return answer.json();
}
