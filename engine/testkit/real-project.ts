import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { ask } from '../../cli/api.ts';
import { pushDocument } from '../../cli/push.ts';
import { CampaignDetail, CampaignSummary } from '../../protocol/campaign.ts';
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
  /** Of the generator; absent: as it is here. */
  readonly version?: string;
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

  /** Publishes the generator under another version, its program with a mark in it that makes it another file. */
  async pushMarked(version: string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'beamtime-release-'));
    try {
      const document: Record<string, unknown> = parse(readFileSync(at('physics/evgen/release.yaml'), 'utf8'));
      const { references: _, ...rest } = document;
      const program = Buffer.concat([readFileSync(at('build/evgen/evgen.wasm')), customSection(version)]);
      await writeFile(join(folder, 'evgen.wasm'), program);
      const file = join(folder, 'release.yaml');
      await writeFile(file, JSON.stringify({ ...rest, version, programs: { 'wasm32-wasi': 'evgen.wasm' } }));
      const { url, staffToken } = this.server;
      await pushDocument({ file, url, staffToken });
    } finally {
      await rm(folder, { recursive: true });
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
    version = EVGEN_VERSION,
  }: CampaignSize): Promise<void> {
    const { url, staffToken } = this.server;
    const name = `test-${++this.#pushed}`;
    const folder = await mkdtemp(join(tmpdir(), 'beamtime-campaign-'));
    const file = join(folder, 'campaign.yaml');
    const campaign = {
      ...{ kind: 'campaign', name, title: 'A test', application: 'evgen', version },
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
    return CampaignDetail.parse(await this.#get(`/campaigns/${newest?.id}`));
  }

  /** Of no campaign here is anything given out any more. */
  async cancelAll(): Promise<void> {
    const { url, staffToken: token } = this.server;
    const api = { who: 'the test project', url, token, remedy: '' };
    const { campaigns } = CampaignList.parse(await this.#get('/campaigns'));
    for (const { id } of campaigns.filter(({ state }) => state === 'running' || state === 'paused')) {
      await ask(api, {
        method: 'POST',
        path: `/staff/campaigns/${id}/cancel`,
        body: { reason: null },
        schema: CampaignSummary,
      });
    }
  }

  async #get(path: string): Promise<unknown> {
    return (await fetch(`${this.server.url}/api/v1${path}`)).json();
  }

  remove(): Promise<void> {
    return this.server.remove();
  }
}

/** A section that engines of WebAssembly pass over (core specification, 5.5.3): id 0, its length, a name. */
function customSection(name: string): Buffer {
  const bytes = Buffer.from(name, 'utf8');
  return Buffer.concat([Buffer.from([0, bytes.length + 1, bytes.length]), bytes]);
}
