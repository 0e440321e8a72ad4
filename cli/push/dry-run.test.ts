import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildEvgen } from '../../physics/evgen/build.ts';
import { Block } from '../../protocol/work-unit.ts';
import { Host, Staff } from '../../server/testkit/client.ts';
import { evgenLines, evgenProgram, evgenRelease } from '../../server/testkit/evgen.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from '../../server/testkit/model.ts';
import { type TestServer, testServer } from '../../server/testkit/server.ts';
import type { Command } from '../command.ts';
import { campaigns } from '../commands/campaigns.ts';
import { push } from '../commands/push.ts';
import { CliError, RefusedError } from '../errors.ts';
import { makeTerminal } from '../terminal.ts';
import type { Look } from './dry-run.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

describe('beamtime push --dry-run', () => {
  let server: TestServer;
  let staff: Staff;
  let folder: string;
  let quick: string;

  beforeAll(async () => {
    await buildEvgen();
    folder = await mkdtemp(join(tmpdir(), 'beamtime-dry-run-'));
    server = await testServer();
    staff = new Staff(server.url, server.staffToken);
    await staff.publish(evgenRelease(), { 'wasm32-wasi': evgenProgram() });
    await staff.publish(modelRelease, modelPrograms);
    const text = await readFile(join(ROOT, 'physics/campaigns/quick.yaml'), 'utf8');
    quick = text.replace('events: 6000', 'events: 600').replace('eventsPerUnit: 2000', 'eventsPerUnit: 200');
  });
  afterAll(async () => {
    await server?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(text: string, json = false): Promise<string> {
    const file = join(folder, 'campaign.yaml');
    await writeFile(file, text);
    return runCommand(push, [file], json);
  }

  /** A command in this process. */
  async function runCommand(command: Command, positionals: string[], json = false): Promise<string> {
    let out = '';
    const stream = {
      write: (data: string | Uint8Array) => {
        out += data;
      },
    };
    await command.run({
      positionals,
      terminal: makeTerminal(stream, { write: () => {} }, { json, env: {} }),
      env: {},
      stopping: new AbortController().signal,
      text: (option) => ({ url: server.url, token: server.staffToken })[option],
      flag: (option) => option === 'dry-run',
    });
    return out;
  }
  const look = async (text: string): Promise<Look> => JSON.parse(await run(text, true)).dryRun[0];

  it('computes events of two points here and starts nothing', async () => {
    const found = await look(quick);
    expect(found).toMatchObject({
      ...{ name: 'quick', exists: false, points: 3, units: 9, events: 1800, copies: 1, adaptive: false },
      ...{ basis: 'reference', lately: null, hours: null },
    });
    expect(found.coreHours).toBeCloseTo((1800 * evgenRelease().referenceMicrosecondsPerEvent) / 3.6e9, 12);
    expect(found.trial?.map(({ index, parameters }) => [index, parameters.energyGeV])).toEqual([
      [0, 89.4],
      [2, 93],
    ]);
    for (const { index, parameters, events, crossSectionPb, eventsPerSecond } of found.trial ?? []) {
      // The campaign's own first events.
      const card = { seed: 1 + index, firstEvent: 0, events: 600, blockEvents: 600, parameters };
      const { crossSection } = Block.parse(JSON.parse((await evgenLines(card)).join('')));
      const { maximumPb, accepted, attempted } = crossSection;
      expect(events).toBe(600);
      expect(crossSectionPb.value).toBeCloseTo((maximumPb * accepted) / attempted, 6);
      expect(crossSectionPb.error).toBeGreaterThan(0);
      expect(eventsPerSecond).toBeGreaterThan(0);
    }
    const seconds = found.trial?.map((one) => 1 / one.eventsPerSecond) ?? [];
    const mean = seconds.reduce((sum, one) => sum + one, 0) / 2;
    expect(found.coreHoursHere).toBeCloseTo((1800 * mean) / 3600, 12);
    expect((await staff.send('GET', '/campaigns')).json).toEqual({ campaigns: [] });
  });

  it('tells the time from what hosts did lately', async () => {
    await staff.push(modelCampaign('before', { events: 200 }));
    const host = await Host.register(server.url);
    for (const lease of (await host.leases(2)).leases) await host.finish(lease, modelOutput(lease.card));
    // Two units of 100 events in a second each, one right after the other.
    const found = await look(JSON.stringify(modelCampaign('next', { validation: { quorum: 2 } })));
    expect(found).toMatchObject({
      ...{ copies: 2, basis: 'hosts', secondsPerEvent: 0.01, trial: null },
      lately: { results: 2, hosts: 1 },
    });
    expect(found.coreHours).toBeCloseTo((1000 * 2 * 0.01) / 3600, 12);
    expect(found.hours).toBeCloseTo(found.coreHours / (found.lately?.slots ?? 0), 12);
    expect(found.lately?.slots).toBeGreaterThan(1);
    expect(found.lately?.slots).toBeLessThanOrEqual(2);
  });

  it('says it to people', async () => {
    const said = await run(`${quick}adaptive: { precision: 0.1 }\n`);
    expect(said).toContain('campaign quick: would be accepted; nothing was started');
    expect(said).toContain('3 points, at most 9 work units, 1,800 events\n');
    expect(said).toMatch(/^ +0 +hepmcEvents 5, energyGeV 89\.4 +600 +\d+(\.\d+)? \+- \d+(\.\d+)? +[\d,]+$/m);
    expect(said).toMatch(/^ {6}[\d.]+ core seconds at the pace of this computer just now$/m);
    expect(said).toMatch(
      /^Cost: at most 0\.072 core seconds \(evgen .*, the release's own figure, for the refe/m,
    );
    expect(said).toMatch(
      /^Time: \d+ s with what the project had lately: 1 computer, [\d.]+ work units at a/m,
    );
    const model = await run(JSON.stringify(modelCampaign('before', { events: 200 })));
    expect(model).toContain('is there already, the very same');
    expect(model).toContain('The release has no program that runs here');
  });

  it('and the campaign that was looked at is shown with its errors', async () => {
    const adaptive = { precision: 0.05 };
    await staff.push(modelCampaign('shown', { parameters: { a: 1 }, adaptive, eventsPerUnit: 300 }));
    const host = await Host.register(server.url);
    for (const lease of (await host.leases(1)).leases) await host.finish(lease, modelOutput(lease.card));
    const said = await runCommand(campaigns, ['shown']);
    expect(said).toContain('adaptive: until the cross-section is known to 5% at every point');
    expect(said).toMatch(/^point +parameters +units +events +error\n +0 +a 1 +1\/\d +300 +[\d.]+%$/m);
  });

  it.each([
    [/events: 600/, 'events: lots', /^.*campaign\.yaml:11: events: /],
    [/energyGeV: .*/, 'energyGeV: [89.4, 9999]', /campaign\.yaml:10: energyGeV: must be <= 250/],
    [/version: .*/, 'version: 9.9.9', /campaign\.yaml:6: the project has no release evgen 9\.9\.9/],
    [/name: .*/, 'name: before', /campaign\.yaml:2: there is a campaign "before" with other content/],
    [/kind: .*/, 'kind: appliance', /campaign\.yaml:\d+: /],
  ])('refuses %s as %s as a push does, at its line', async (what, by, message) => {
    const refused = run(quick.replace(what, by));
    await expect(refused).rejects.toThrow(RefusedError);
    await expect(refused).rejects.toThrow(message);
  });

  it('tells of a program that fails, and where', async () => {
    const broken = { ...modelRelease, version: '2' };
    await staff.publish(broken, { 'wasm32-wasi': Buffer.from('no module') });
    const campaign = modelCampaign('broken', { version: '2', sweep: { a: [1, 2] } });
    const failed = run(JSON.stringify(campaign));
    await expect(failed).rejects.toThrow(CliError);
    await expect(failed).rejects.toThrow(/^the program does not compute a 1: /);
  });
});
