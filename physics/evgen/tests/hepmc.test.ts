/** Whether the library that physicists read events with (Debian's libhepmc3) reads ours, and finds them in balance. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileCpp, hasCpp } from './cpp.testkit.ts';
import { card, type EvgenParameters, runEvgen } from './evgen.testkit.ts';

const ALL_STAGES = ['corrections', 'isr', 'shower', 'hadronisation', 'decays'];
const VARIED = {
  alphaSVariation: 0.004,
  showerScaleVariation: 2,
  strangeVariation: 0.03,
  diquarkVariation: 0.02,
};
const CASES: [string, EvgenParameters, number][] = [
  ['hadrons on the Z', { energyGeV: 91.2, stages: ALL_STAGES, processes: ['d', 'u', 's', 'c', 'b'] }, 2000],
  ['all final states far above it', { energyGeV: 189, stages: ALL_STAGES }, 500],
  ['near the threshold of b', { energyGeV: 11, stages: ALL_STAGES }, 500],
  ['with a variation', { energyGeV: 91.2, stages: ALL_STAGES, alphaSVariation: 0.004 }, 200],
  ['with all variations', { energyGeV: 91.2, stages: ALL_STAGES, ...VARIED }, 200],
  ['leading order', { energyGeV: 35 }, 100],
];

describe.skipIf(!(await hasCpp('HepMC3/GenEvent.h')))('out/events.hepmc by HepMC3', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'evgen-hepmc-'));
    const source = fileURLToPath(new URL('hepmc.cc', import.meta.url));
    await compileCpp(source, join(folder, 'reader'), ['-lHepMC3']);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(CASES)('%s: every event is read, energy and momentum balance', async (_, parameters, events) => {
    const unit = card({ ...parameters, hepmcEvents: events }, { events, blockEvents: events });
    const run = await runEvgen(unit);
    expect(run.exitStatus).toBe(0);
    await writeFile(join(folder, 'events.hepmc'), run.out.get('events.hepmc') ?? '');
    const { stdout } = await promisify(execFile)(join(folder, 'reader'), [join(folder, 'events.hepmc')]);
    const [read, particles, whole, decay, row, open, displaced] = stdout.trim().split(' ').map(Number);
    expect(read).toBe(events);
    expect(particles).toBe(String(run.out.get('events.hepmc')).match(/^P /gm)?.length);
    expect(whole).toBeLessThan(1e-11);
    expect(decay).toBeLessThan(1e-11);
    // Partons are put on other mass shells before they become strings: each string alone is off by a little.
    expect(row).toBeLessThan(0.03);
    if (parameters.alphaSVariation)
      expect(String(run.out.get('events.hepmc'))).toContain(
        parameters.showerScaleVariation
          ? '\nW Weight\\|alphaSUp\\|alphaSDown\\|scaleUp\\|scaleDown\\|strangeUp\\|strangeDown\\|diquarkUp\\|diquarkDown\n'
          : '\nW Weight\\|alphaSUp\\|alphaSDown\n',
      );
    // A particle is final if and only if it does not end in a vertex.
    expect(open).toBe(0);
    if (parameters.stages) expect(displaced).toBeGreaterThan(0);
  });
});
