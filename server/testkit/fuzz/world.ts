import { sha256 } from '../../../platform/files.ts';
import { Host, Staff } from '../client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from '../model.ts';
import { Person } from '../person.ts';
import type { World } from './requests.ts';

/** Fills an empty project with something of each kind. */
export async function fuzzWorld(url: string, staffToken: string, texts: readonly string[]): Promise<World> {
  const staff = new Staff(url, staffToken);
  await staff.publish(modelRelease, modelPrograms);
  await staff.push(modelCampaign('fuzzed', { sweep: { x: [1, 2] } }));
  const host = await Host.register(url);
  const held = await host.leases(8);
  const [first] = held.leases;
  if (!first) throw new Error('no work to fuzz with');
  await host.finish(first, modelOutput(first.card));
  const person = await Person.signUp(url, 'somebody');
  const program = modelPrograms['x86_64-linux'];
  const blob = { sha256: sha256(program), bytes: program.length };
  return {
    tokens: { host: host.token ?? '', staff: staffToken },
    cookie: person.cookie,
    texts,
    known: {
      id: ['fuzzed', 'c1', first.unitId, first.id],
      application: ['model'],
      version: ['1', '2'],
      campaign: ['fuzzed'],
      kind: ['campaign'],
      sha256: [blob.sha256, sha256('known'), sha256('x')],
      bytes: [blob.bytes],
      programs: [{ 'x86_64-linux': blob }],
      lease: held.leases.map(({ id }) => id),
      leases: [held.leases.map(({ id }) => id)],
      held: [held.leases.map(({ id }) => id)],
      'upload-offset': ['0'],
      'upload-length': ['1', '5', '3000'],
      point: ['0', '1'],
      blockEvents: [50],
      eventsPerUnit: [100],
      events: [1000],
    },
  };
}
