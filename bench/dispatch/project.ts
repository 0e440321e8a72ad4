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
import { withServer } from './with-server.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A project server in a process and on a folder of its own, with the generator's release and one campaign. */
export class BenchProject {
  readonly url: string;
  readonly campaign: CampaignSpec;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string, campaign: CampaignSpec) {
    this.#child = child;
    this.url = url;
    this.campaign = campaign;
  }

  /** Runs `use` on a fresh project, and removes all of it. */
  static async with<T>(spec: Partial<CampaignSpec>, use: (project: BenchProject) => Promise<T>): Promise<T> {
    return withServer(async ({ child, folder, url, staffToken }) => {
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
      return await use(new BenchProject(child, url, campaign));
    });
  }

  /** Processor seconds the server has used. */
  async cpuSeconds(): Promise<number> {
    const answer = once(this.#child, 'message') as Promise<[ServerCpu]>;
    this.#child.send('cpu');
    return (await answer)[0].cpuSeconds;
  }

  async merged(): Promise<CampaignDetail> {
    const answer = await fetch(`${this.url}${API_PREFIX}/campaigns/${this.campaign.name}`);
    return CampaignDetail.parse(await answer.json());
  }
}
