import { join } from 'node:path';
import { pushDocument } from '../../cli/push.ts';
import { EVGEN_VERSION } from '../../engine/testkit/real-project.ts';
import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { Lease } from '../../protocol/project-api.ts';
import { buildRenderer } from '../../renderer/build.ts';
import { failedReport, Host, Staff } from '../../server/testkit/client.ts';
import { evgenLines } from '../../server/testkit/evgen.ts';
import { type TestServer, testServer } from '../../server/testkit/server.ts';
import { until } from '../../server/testkit/until.ts';
import { root } from '../testkit/command.ts';

/** A project server with its page, the real generator, and one host whose work units a test hands in when it wants. */
export class ConsoleWorld {
  readonly server: TestServer;
  readonly staff: Staff;
  readonly #host: Host;
  #leases: Lease[] = [];

  private constructor(server: TestServer, host: Host) {
    this.server = server;
    this.staff = new Staff(server.url, server.staffToken);
    this.#host = host;
  }

  static async start(): Promise<ConsoleWorld> {
    await buildRenderer();
    const server = await testServer({ name: 'LEP at home', pageFolder: join(root, 'build/console') });
    try {
      const { url, staffToken } = server;
      await pushDocument({ file: join(root, 'physics/evgen/release.yaml'), url, staffToken });
      return new ConsoleWorld(server, await Host.register(url));
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  /** Whole events, compared with LEP's at the Z. */
  async push(name: string, change: Partial<CampaignSpec> = {}): Promise<void> {
    await this.staff.push({
      ...{ kind: 'campaign', name, title: name, application: 'evgen', version: EVGEN_VERSION },
      parameters: { stages: ['corrections', 'shower', 'hadronisation', 'decays'] },
      sweep: { energyGeV: [91.19, 133, 200] },
      ...{ events: 4000, eventsPerUnit: 200, blockEvents: 200, validation: { quorum: 1 } },
      ...change,
    });
  }

  /** Computes work units at an energy and hands them in. */
  async compute(units: number, energyGeV: number): Promise<void> {
    for (let done = 0; done < units; done += 1) {
      const lease = await this.#lease(energyGeV);
      const lines = await evgenLines(lease.card);
      await this.#host.finish(lease, { 'blocks.jsonl': `${lines.join('\n')}\n` });
    }
  }

  /** Reports that the program failed, on work units at an energy. */
  async fail(
    energyGeV: number,
    parts: { reason: string; exitStatus: number; consoleTail: string },
  ): Promise<void> {
    await this.#host.report(failedReport(await this.#lease(energyGeV), parts));
  }

  /** Another host hands in what it did not compute; the project regenerates a block and catches it. @returns its name */
  async cheat(): Promise<string> {
    await this.push('checked', { sweep: { energyGeV: [91.19] }, validation: { spot: 1 } });
    const host = await Host.register(this.server.url);
    const { leases } = await host.leases(64);
    const lease = leases.find(({ campaign }) => campaign === 'checked');
    if (!lease) throw new Error('no work to cheat with');
    const [line = ''] = await evgenLines({ ...lease.card, seed: lease.card.seed + 1 });
    await host.finish(lease, { 'blocks.jsonl': `${line}\n` });
    await until('the cheat is caught', async () => (await host.verdict(lease))?.state === 'invalid');
    return host.id;
  }

  async #lease(energyGeV: number): Promise<Lease> {
    if (this.#leases.length === 0) this.#leases = (await this.#host.leases(256)).leases;
    const at = this.#leases.findIndex(({ card }) => card.parameters.energyGeV === energyGeV);
    const [lease] = at < 0 ? [] : this.#leases.splice(at, 1);
    if (!lease) throw new Error(`no work at ${energyGeV} GeV`);
    return lease;
  }

  stop(): Promise<void> {
    return this.server.remove();
  }
}
