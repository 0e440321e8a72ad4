import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pushDocument } from '../../cli/push.ts';
import { EVGEN_VERSION } from '../../engine/testkit/real-project.ts';
import { CampaignDetail, CampaignSpec } from '../../protocol/campaign.ts';
import { API_PREFIX } from '../../protocol/project-api.ts';
import type { ServerCpu } from './server-process.ts';
import { type BenchServer, type Where, withServer } from './with-server.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A project server in a process and on a folder of its own, with the generator's release and one campaign. */
export class BenchProject {
  readonly url: string;
  readonly campaign: CampaignSpec;
  /** Of all its servers. */
  readonly urls: readonly string[];
  readonly #children: readonly ChildProcess[];

  private constructor({ url, all }: BenchServer, campaign: CampaignSpec) {
    this.#children = all.map(({ child }) => child);
    this.url = url;
    this.urls = all.map((one) => one.url);
    this.campaign = campaign;
  }

  /** Runs `use` on a fresh project, and removes all of it. */
  static async with<T>(
    spec: Partial<CampaignSpec>,
    use: (project: BenchProject) => Promise<T>,
    where: Where = {},
  ): Promise<T> {
    return withServer(async (server) => {
      const { folder, url, staffToken } = server;
      const campaign = CampaignSpec.parse({
        kind: 'campaign',
        name: 'bench',
        title: 'Bench',
        application: 'evgen',
        version: EVGEN_VERSION,
        ...spec,
      });
      const file = join(folder, 'campaign.json');
      await writeFile(file, JSON.stringify(campaign));
      await pushDocument({ file: at('../../physics/evgen/release.yaml'), url, staffToken });
      await pushDocument({ file, url, staffToken });
      return await use(new BenchProject(server, campaign));
    }, where);
  }

  /** Processor seconds its servers have used. */
  async cpuSeconds(): Promise<number> {
    return (await this.#used()).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  }

  /** What its servers have in memory. */
  async memoryBytes(): Promise<number> {
    return (await this.#used()).reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  }

  #used(): Promise<ServerCpu[]> {
    return Promise.all(
      this.#children.map(async (child) => {
        const answer = once(child, 'message') as Promise<[ServerCpu]>;
        child.send('used');
        return (await answer)[0];
      }),
    );
  }

  async merged(): Promise<CampaignDetail> {
    const answer = await fetch(`${this.url}${API_PREFIX}/campaigns/${this.campaign.name}`);
    return CampaignDetail.parse(await answer.json());
  }
}
