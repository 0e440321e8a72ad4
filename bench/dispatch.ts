import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pushDocument } from '../cli/push.ts';
import { type CampaignDetail, CampaignSpec } from '../protocol/campaign.ts';
import { API_PREFIX } from '../protocol/project-api.ts';
import { type Delivery, SimulatedHost } from './dispatch/host.ts';
import { generator, Imitation } from './dispatch/outputs.ts';
import type { ServerReady } from './dispatch/server-process.ts';
import { type Bench, quantile } from './measure.ts';

const ROOT = new URL('../', import.meta.url);
const HOSTS = 1000;
const SECONDS = Number(process.env.BEAMTIME_BENCH_SECONDS ?? 15);

export const bench: Bench = {
  name: 'dispatch',
  async run(say) {
    const folder = await mkdtemp(join(tmpdir(), 'beamtime-bench-dispatch-'));
    const child = fork(
      fileURLToPath(new URL('./dispatch/server-process.ts', import.meta.url)),
      [join(folder, 'project')],
      {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        execArgv: process.env.PROF ? ['--cpu-prof', '--cpu-prof-dir=/tmp/prof'] : [],
      },
    );
    try {
      const [ready] = (await once(child, 'message')) as [ServerReady];
      const { url, staffToken } = ready;
      await pushDocument({
        file: fileURLToPath(new URL('physics/evgen/release.yaml', ROOT)),
        url,
        staffToken,
      });
      const spec = {
        kind: 'campaign',
        name: 'bench',
        title: 'Bench',
        application: 'evgen',
        version: '0.1.0',
        parameters: { hepmcEvents: 5 },
        sweep: { energyGeV: [89.4, 91.19, 93] },
        events: 5_000_000 * 100_000,
        eventsPerUnit: 5_000_000,
        blockEvents: 250_000,
        seed: 1,
        validation: { quorum: 1 },
      };
      await writeFile(join(folder, 'c.json'), JSON.stringify(CampaignSpec.parse(spec)));
      await pushDocument({ file: join(folder, 'c.json'), url, staffToken });
      const imitation = new Imitation(await generator(ROOT), [
        'blocks.jsonl',
        'events.hepmc',
        'summary.json',
      ]);
      for (const energyGeV of spec.sweep.energyGeV)
        await imitation.prepare({
          seed: 1,
          firstEvent: 0,
          events: spec.eventsPerUnit,
          blockEvents: spec.blockEvents,
          parameters: { ...spec.parameters, energyGeV },
        });
      const hosts = Array.from({ length: HOSTS }, () => new SimulatedHost(url));
      const t0 = performance.now();
      await Promise.all(hosts.map((h) => h.register()));
      say(`registered in ${Math.round(performance.now() - t0)} ms`);
      let counting = false,
        stop = false,
        cycles = 0,
        leaseMs: number[] = [],
        deliverMs: number[] = [];
      const delivery: Delivery = 'engine';
      const loops = hosts.map(async (host) => {
        while (!stop) {
          const a = performance.now();
          const {
            leases: [lease],
          } = await host.lease();
          const b = performance.now();
          if (!lease) {
            await delay(100);
            continue;
          }
          const v = await host.deliver(lease, imitation.outputs(lease.card), delivery);
          if (v.state !== 'valid') throw new Error(JSON.stringify(v));
          if (counting) {
            cycles++;
            leaseMs.push(b - a);
            deliverMs.push(performance.now() - b);
          }
        }
      });
      await delay(3000);
      const serverCpu = async () => {
        child.send('cpu');
        const [m] = await once(child, 'message');
        return (m as { cpuSeconds: number }).cpuSeconds;
      };
      const cpu0 = await serverCpu();
      counting = true;
      const t = performance.now();
      const cpu = process.cpuUsage();
      await delay(SECONDS * 1000);
      counting = false;
      const s = (performance.now() - t) / 1000;
      const used = process.cpuUsage(cpu);
      const cpu1 = await serverCpu();
      stop = true;
      say(
        `server cpu ${((cpu1 - cpu0) / s).toFixed(2)} cores, ${((1000 * (cpu1 - cpu0)) / cycles).toFixed(2)} ms a cycle`,
      );
      await Promise.all(loops);
      say(`generator cpu ${((used.user + used.system) / 1e6 / s).toFixed(2)} cores`);
      const detail = (await (await fetch(`${url}${API_PREFIX}/campaigns/bench`)).json()) as CampaignDetail;
      say(`unitsValid ${detail.unitsValid}`);
      for (const h of hosts) h.close();
      return [
        { name: 'workUnitsPerSecond', value: cycles / s, unit: '/s', goal: '>= 300', comparedWith: null },
        { name: 'leaseP50', value: quantile(leaseMs, 0.5), unit: 'ms', goal: null, comparedWith: null },
        { name: 'deliverP50', value: quantile(deliverMs, 0.5), unit: 'ms', goal: null, comparedWith: null },
      ];
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    }
  },
};
