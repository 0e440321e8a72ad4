import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pushDocument } from '../../cli/push.ts';
import { CampaignDetail, CampaignSpec } from '../../protocol/campaign.ts';
import { API_PREFIX } from '../../protocol/project-api.ts';
import type { ServerCpu, ServerReady } from './server-process.ts';

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
    const folder = await mkdtemp(join(tmpdir(), 'beamtime-bench-dispatch-'));
    const child = fork(at('./server-process.ts'), [join(folder, 'project')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const gone = once(child, 'exit');
    try {
      const [{ url, staffToken }] = (await Promise.race([
        once(child, 'message'),
        gone.then(() => Promise.reject(new Error('the project server did not start'))),
      ])) as [ServerReady];
      const campaign = CampaignSpec.parse({
        kind: 'campaign',
        name: 'bench',
        title: 'Bench',
        application: 'evgen',
        version: '0.2.0',
        ...spec,
      });
      const file = join(folder, 'campaign.json');
      await writeFile(file, JSON.stringify(campaign));
      await pushDocument({ file: at('../../physics/evgen/release.yaml'), url, staffToken });
      await pushDocument({ file, url, staffToken });
      return await use(new BenchProject(child, url, campaign));
    } finally {
      child.kill('SIGTERM');
      await gone;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
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
