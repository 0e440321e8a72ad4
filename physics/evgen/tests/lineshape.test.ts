import { describe, expect, it } from 'vitest';
import { card, runEvgen } from './evgen.testkit.ts';

/**
 * Cross-sections and asymmetries around the Z by an independent program: improved Born with a width that depends on s, and the same
 * with the exponentiated radiator of order alpha, s' > 0.01 s. [energy, stages, hadrons in nb, muons in nb, A_FB of muons]
 */
const TABLE: [number, string[], number, number, number][] = [
  [88.22, [], 6.14, 0.306, -0.26],
  [91.1876, [], 41.59, 2.007, 0.016],
  [92.97, [], 13.74, 0.668, 0.172],
  [94.2, [], 6.26, 0.309, 0.27],
  [88.22, ['isr'], 4.55, 0.232, -0.282],
  [89.45, ['isr'], 10.09, 0.498, -0.165],
  [91.1876, ['isr'], 30.55, 1.48, -0.002],
  [91.22, ['isr'], 30.63, 1.484, 0.001],
  [92.97, ['isr'], 14.37, 0.702, 0.11],
  [94.2, ['isr'], 8.19, 0.405, 0.154],
];

const QUARKS = ['d', 'u', 's', 'c', 'b'];
const EVENTS = 200_000;

interface Found {
  readonly nb: number;
  readonly asymmetry: number;
}

async function measure(energyGeV: number, processes: string[], stages: string[]): Promise<Found> {
  const parameters = { energyGeV, processes, stages: ['corrections', ...stages] };
  const run = await runEvgen(card(parameters, { events: EVENTS, blockEvents: EVENTS, seed: 5 }));
  const summary = JSON.parse(String(run.out.get('summary.json')));
  return { nb: summary.crossSectionPb / 1000, asymmetry: summary.processes[0].asymmetry };
}

describe('the Z line shape with corrections', () => {
  it.each(TABLE)(
    '%s GeV, %j: %s nb hadrons, %s nb muons, A_FB %s',
    async (energy, stages, hadrons, muons, asymmetry) => {
      const quarks = await measure(energy, QUARKS, stages);
      expect(Math.abs(quarks.nb / hadrons - 1)).toBeLessThan(0.01);
      const mu = await measure(energy, ['mu'], stages);
      expect(Math.abs(mu.nb / muons - 1)).toBeLessThan(0.01);
      expect(Math.abs(mu.asymmetry - asymmetry)).toBeLessThan(0.01);
    },
  );

  it('has the measured ratio of hadrons to muons, R_l = 20.767 of the Z alone', async () => {
    const [quarks, mu] = [await measure(91.1876, QUARKS, []), await measure(91.1876, ['mu'], [])];
    /* without the photon's share: 4 pi alpha^2 / 3 s = 10.6 pb for muons, 11/3 of it and QCD for quarks */
    expect(Math.abs((quarks.nb - 0.04) / (mu.nb - 0.0106) / 20.767 - 1)).toBeLessThan(0.01);
  });

  it.each([
    [130, 0.331],
    [189, 0.097],
    [207, 0.077],
  ])('%s GeV, far above, with the way back to the Z: %s nb', async (energy, nb) => {
    const found = await measure(energy, QUARKS, ['isr']);
    expect(Math.abs(found.nb / nb - 1)).toBeLessThan(0.03); // the table's own radiator keeps alpha fixed
  });

  it.each([
    [10.52, 3.56, 0.06],
    [34, 3.93, 0.13],
    [43.5, 3.95, 0.12],
  ])('R at %s GeV is the measured %s +- %s', async (energy, ratio, error) => {
    const found = await measure(energy, QUARKS, []);
    /* R is over the muon pairs of a photon with alpha(s): 86.85 nb / s at alpha(0), larger by the running coupling */
    const muons = await measure(energy, ['mu'], []);
    const photon = (86.85 / energy ** 2) * (137.036 / (energy < 20 ? 131.5 : 130.2)) ** 2;
    expect(found.nb / (energy < 20 ? muons.nb : photon)).toBeGreaterThan(ratio - 3 * error);
    expect(found.nb / (energy < 20 ? muons.nb : photon)).toBeLessThan(ratio + 3 * error);
  });
});
