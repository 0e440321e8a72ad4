import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { pushDocument } from '../cli/push.ts';
import { reproduceUnit } from '../cli/reproduce/unit.ts';
import { TestEngine } from '../engine/testkit/real-engine.ts';
import { EVGEN_VERSION } from '../engine/testkit/real-project.ts';
import { readFile } from '../ninep/trees/index.ts';
import { compileCpp, hasCpp } from '../physics/evgen/tests/cpp.testkit.ts';
import { sha256 } from '../platform/files.ts';
import { ProvenancePage, SamplePage, UnitRecord } from '../protocol/catalogue.ts';
import { Release, Signed } from '../protocol/release.ts';
import { OUT } from '../protocol/work-unit.ts';
import { Client, Host, Staff } from '../server/testkit/client.ts';
import { evgenProgram, evgenRelease, hasEvgen } from '../server/testkit/evgen.ts';
import { testServer } from '../server/testkit/server.ts';
import { runWorkUnit } from '../wasi/work-unit.ts';
import { root } from './testkit/command.ts';

const undo: (() => Promise<void>)[] = [];
/** The project that the first test leaves. */
let project: string | null = null;
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

/** Without photons of the beams every event is one that the generator's own analysis takes. */
const STAGES = ['corrections', 'shower', 'hadronisation', 'decays'];
const spectra = join(root, 'build/spectra/spectra.wasm');

test.skipIf(!hasEvgen || !existsSync(spectra))(
  'events are generated, kept and analysed: evgen, then spectra on what it wrote',
  {
    timeout: 480_000,
  },
  async () => {
    const server = await testServer();
    undo.push(() => server.remove());
    const { url, staffToken } = server;
    project = url;
    for (const file of ['physics/evgen/release.yaml', 'physics/spectra/release.yaml'])
      await pushDocument({ file: join(root, file), url, staffToken });
    const staff = new Staff(url, staffToken);
    await staff.push({
      ...{
        kind: 'campaign',
        name: 'generate',
        title: 'Generate',
        application: 'evgen',
        version: EVGEN_VERSION,
      },
      ...{
        parameters: { hepmcEvents: 40, processes: ['d', 'u', 's', 'c', 'b'], stages: STAGES },
        sweep: { energyGeV: [91.19] },
      },
      ...{ events: 80, eventsPerUnit: 40, blockEvents: 20, validation: { quorum: 2 } },
    });
    await staff.push({
      ...{ kind: 'campaign', name: 'analyse', title: 'Analyse', application: 'spectra', version: '0.1.0' },
      ...{ inputs: { from: 'generate', output: 'events.hepmc' } },
      // All blocks are computed by the server again.
      ...{ events: 80, eventsPerUnit: 40, blockEvents: 20, validation: { spot: 1 } },
    });
    // One of the two computers that must agree on what is generated.
    const host = await Host.register(url);
    const release = Release.parse({
      ...evgenRelease(),
      programs: { 'wasm32-wasi': { sha256: '0'.repeat(64), bytes: 0 } },
    });
    const { leases } = await host.leases(20);
    expect(leases.map(({ campaign }) => campaign)).toEqual(new Array(2).fill('generate'));
    for (const lease of leases) {
      const signal = AbortSignal.timeout(60_000);
      const tree = await runWorkUnit({ wasm: evgenProgram(), release, card: lease.card, signal });
      const files: Record<string, Buffer> = {};
      for (const name of ['blocks.jsonl', 'events.hepmc', 'summary.json'])
        files[name] = Buffer.from(await readFile(tree, `${OUT}/${name}`));
      expect(await host.finish(lease, files)).toMatchObject({ state: 'pending' });
    }
    expect((await host.leases(20)).leases).toEqual([]);
    // The other, which analyses what was made as it becomes valid.
    const engine = await TestEngine.start({ invitation: server.invitation });
    undo.push(() => engine.remove());
    await expect
      .poll(async () => (await staff.campaign('analyse')).state, { timeout: 420_000, interval: 1000 })
      .toBe('complete');

    // From the file that its card names, as anybody can.
    const { units } = await staff.ask(ProvenancePage, 'GET', '/campaigns/analyse/provenance?point=0');
    const record = await staff.ask(UnitRecord, 'GET', `/results/${units[1]?.unit}`);
    const signed = await staff.ask(Signed, 'GET', '/releases/spectra/0.1.0');
    const analysis = Release.parse(JSON.parse(signed.body));
    if (!analysis.software) throw new Error('not in the repository');
    const [wasm, place] = [readFileSync(spectra), analysis.software];
    const program = { release: analysis, wasm, wasmSha256: sha256(wasm), place };
    const again = await reproduceUnit(
      { who: 'the project', url, remedy: '' },
      program,
      record,
      AbortSignal.timeout(60_000),
    );
    expect(again.comparison).toMatchObject({ failed: null, differing: [] });
    expect(again.comparison.card.inputs).toHaveLength(1);

    const [made, found] = [await staff.campaign('generate'), await staff.campaign('analyse')];
    expect(made.state).toBe('complete');
    expect(found).toMatchObject({ unitsValid: 2, unitsSetAside: 0, eventsValid: 80 });
    for (const [i, point] of found.points.entries()) {
      const { multiplicity = [], xp = [], cosTheta = [] } = point.histograms;
      const own = made.points[i]?.histograms ?? {};
      // The generator has filled the same while it made the events, from memory and not from the file.
      expect(own.analysed?.[1]).toBe(80);
      expect(multiplicity).toEqual(own.multiplicity);
      const particles = multiplicity.reduce((sum, events, bin) => sum + events * (2 * bin - 2), 0);
      for (const counts of [xp, cosTheta]) expect(counts.reduce((sum, n) => sum + n, 0)).toBe(particles);
      expect(particles / 80).toBeGreaterThan(15);
    }
  },
);

test('what was kept of a point comes as one file that HepMC3 reads', async ({ skip }) => {
  if (project === null) return skip('nothing was generated');
  if (!(await hasCpp('HepMC3/GenEvent.h')))
    return skip('there is no HepMC3 here (apt install libhepmc3-dev)');
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-sample-'));
  undo.push(() => rm(folder, { recursive: true }));
  const anybody = new Client(project);
  const reader = join(folder, 'reader');
  await compileCpp(join(root, 'physics/evgen/tests/hepmc.cc'), reader, ['-lHepMC3']);
  const file = join(folder, 'events.hepmc3');
  const query = 'point=0&file=events.hepmc&gzip=true';
  await writeFile(file, gunzipSync((await anybody.send('GET', `/campaigns/generate/sample?${query}`)).bytes));
  const { stdout } = await promisify(execFile)(reader, [file]);
  const [events, , whole, decay, , open] = stdout.trim().split(' ').map(Number);
  expect(events).toBe(80);
  expect(whole).toBeLessThan(1e-11);
  expect(decay).toBeLessThan(1e-11);
  expect(open).toBe(0);
  const { samples } = await anybody.ask(SamplePage, 'GET', '/samples?where=energyGeV:90..92');
  expect(samples).toMatchObject([{ campaign: 'generate', point: 0, compared: true, unitsValid: 2 }]);
});
