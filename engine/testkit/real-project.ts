import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { pushDocument } from '../../cli/push.ts';
import type { CampaignDetail } from '../../protocol/campaign.ts';
import { CampaignDetail as Detail } from '../../protocol/campaign.ts';
import { CampaignList } from '../../protocol/project-api.ts';
import type { Card } from '../../protocol/work-unit.ts';
import { type TestServer, testServer } from '../../server/testkit/server.ts';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Of the generator as it is here. */
export const EVGEN_VERSION = String(parse(readFileSync(at('physics/evgen/release.yaml'), 'utf8')).version);

export interface CampaignSize {
  readonly units: number;
  readonly eventsPerUnit: number;
  readonly blockEvents?: number;
  readonly leaseMinutes?: number;
  readonly parameters?: Card['parameters'];
}

/** A project server of this process that has the real generator; its campaigns are as small as a test wants. */
export class TestProject {
  readonly server: TestServer;
  #pushed = 0;

  private constructor(server: TestServer) {
    this.server = server;
  }

  static async start(size: CampaignSize): Promise<TestProject> {
    const server = await testServer();
    try {
      const { url, staffToken } = server;
      await pushDocument({ file: at('physics/evgen/release.yaml'), url, staffToken });
      const project = new TestProject(server);
      await project.push(size);
      return project;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  async pushAppliance(): Promise<void> {
    const { url, staffToken } = this.server;
    await pushDocument({ file: at('build/appliance/appliance.yaml'), url, staffToken });
  }

  async push({
    units,
    eventsPerUnit,
    blockEvents = eventsPerUnit / 10,
    leaseMinutes = 10,
    parameters = {},
  }: CampaignSize): Promise<void> {
    const { url, staffToken } = this.server;
    const name = `test-${++this.#pushed}`;
    const folder = await mkdtemp(join(tmpdir(), 'beamtime-campaign-'));
    const file = join(folder, 'campaign.yaml');
    const campaign = {
      ...{ kind: 'campaign', name, title: 'A test', application: 'evgen', version: EVGEN_VERSION },
      ...{
        // Leading order: a million events a second, so that a unit is as short or long as a test wants.
        parameters: { stages: [], ...parameters },
        sweep: { energyGeV: [91.19] },
        events: units * eventsPerUnit,
        eventsPerUnit,
        blockEvents,
      },
      ...{ seed: this.#pushed, validation: { spot: 0.1 }, leaseMinutes },
    };
    try {
      await writeFile(file, JSON.stringify(campaign));
      await pushDocument({ file, url, staffToken });
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  /** The newest campaign. */
  async campaign(): Promise<CampaignDetail> {
    const { campaigns } = CampaignList.parse(await this.#get('/campaigns'));
    const newest = campaigns.find((one) => one.name === `test-${this.#pushed}`);
    return Detail.parse(await this.#get(`/campaigns/${newest?.id}`));
  }

  async #get(path: string): Promise<unknown> {
    return (await fetch(`${this.server.url}/api/v1${path}`)).json();
  }

  remove(): Promise<void> {
    return this.server.remove();
  }
}
