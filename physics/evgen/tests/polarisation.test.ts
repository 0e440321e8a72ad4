/** Beams with polarisation: what the couplings alone say, and explicit spinors for each pair of helicities. */
import { describe, expect, it } from 'vitest';
import { asymmetry, differential, integral, polarisation } from './dirac.testkit.ts';
import { BEST, blocksOf, card, runEvgen } from './evgen.testkit.ts';

const EVENTS = 200_000;
const SIN2THETA = 0.23153;

interface Found {
  readonly pb: number;
  readonly error: number;
  readonly asymmetry: number;
  readonly asymmetryError: number;
}

async function measure(
  process: string,
  energyGeV: number,
  electron: number,
  positron: number,
  stages: string[] = [],
): Promise<Found> {
  const parameters = {
    energyGeV,
    processes: [process],
    stages,
    electronPolarisation: electron,
    positronPolarisation: positron,
  };
  const run = await runEvgen(card(parameters, { events: EVENTS, blockEvents: EVENTS, seed: 3 }), BEST);
  const summary = JSON.parse(String(run.out.get('summary.json')));
  const { asymmetry, asymmetryError } = summary.processes[0];
  return { pb: summary.crossSectionPb, error: summary.errorPb, asymmetry, asymmetryError };
}

/** A_f = 2 v a / (v^2 + a^2) of a lepton. */
const v = -0.5 + 2 * SIN2THETA;
const A_LEPTON = (2 * v * -0.5) / (v * v + 0.25);

const BEAMS = [
  [-0.8, 0.3],
  [0.8, -0.6],
  [0.75, 0],
  [0, -0.5],
  [0.5, 0.5],
  [-1, 1],
] as const;

describe.each([
  ['mu', 91.19],
  ['mu', 35],
  ['u', 189],
  ['b', 91.19],
  ['b', 9.7],
] as const)('e+e- -> %s at %s GeV', (process, energy) => {
  it.each(BEAMS)('P(e-) = %s, P(e+) = %s: cross-section and asymmetry', async (electron, positron) => {
    const found = await measure(process, energy, electron, positron);
    const beams = { electron, positron };
    expect(Math.abs(found.pb - integral(process, energy, -1, 1, { beams }))).toBeLessThan(4 * found.error);
    expect(Math.abs(found.asymmetry - asymmetry(process, energy, { beams }))).toBeLessThan(
      4 * found.asymmetryError,
    );
  });
});

describe('on the Z', () => {
  const zero = integral('mu', 91.1875, -1, 1, { noPhoton: true });
  it.each(BEAMS)(
    'explicit spinors obey (1 - P- P+) sigma0 (1 + A_LR P): P(e-) = %s, P(e+) = %s',
    (electron, positron) => {
      const effective = (positron - electron) / (1 - electron * positron);
      const expected = (1 - electron * positron) * zero * (1 + A_LEPTON * effective);
      const beams = { electron, positron };
      expect(integral('mu', 91.1875, -1, 1, { beams, noPhoton: true }) / expected).toBeCloseTo(1, 9);
      // A_FB = 3/4 A_f (A_e + P) / (1 + A_e P)
      const forward = (0.75 * A_LEPTON * (A_LEPTON + effective)) / (1 + A_LEPTON * effective);
      expect(asymmetry('mu', 91.1875, { beams, noPhoton: true })).toBeCloseTo(forward, 4);
    },
  );

  it('the generator gives A_LR of the couplings, also with photons of the beams', async () => {
    for (const stages of [[], ['corrections', 'isr']]) {
      const left = await measure('mu', 91.1875, -0.8, 0, stages);
      const right = await measure('mu', 91.1875, 0.8, 0, stages);
      const found = (left.pb - right.pb) / (left.pb + right.pb) / 0.8;
      const error = Math.hypot(left.error, right.error) / (left.pb + right.pb) / 0.8;
      // The photon's share and its interference below the peak take less than 0.01 of it.
      expect(Math.abs(found - A_LEPTON)).toBeLessThan(0.01 + 4 * error);
      expect(found).toBeGreaterThan(10 * error);
    }
  });
});

it('no polarisation written out is the same as none', async () => {
  const plain = await runEvgen(card({ energyGeV: 91.19 }));
  const written = await runEvgen(
    card({ energyGeV: 91.19, electronPolarisation: 0, positronPolarisation: 0 }),
  );
  expect(written.hash).toBe(plain.hash);
});

it('beams that cannot annihilate are refused', async () => {
  for (const sign of [-1, 1]) {
    const run = await runEvgen(
      card({ energyGeV: 91.19, electronPolarisation: sign, positronPolarisation: sign }),
    );
    expect(run.exitStatus).toBe(2);
    expect(run.console).toMatch(
      /^evgen: card\.json:\d+:\d+: positronPolarisation must not be electronPolarisation/,
    );
    expect(run.out.size).toBe(0);
  }
  expect(differential('mu', 91.19, 0.3, { beams: { electron: 1, positron: 1 } })).toBeCloseTo(0, 9);
});

describe('polarisation of taus by their pions, E / E_tau', () => {
  const R = (0.13957 / 1.77686) ** 2;
  async function found(
    energyGeV: number,
    electron: number,
    stages: string[],
  ): Promise<[value: number, error: number]> {
    const parameters = { energyGeV, processes: ['tau'], stages, electronPolarisation: electron };
    const run = await runEvgen(card(parameters, { events: EVENTS, blockEvents: EVENTS, seed: 8 }));
    const counts = blocksOf(run)[0]?.histograms.tauPionX?.slice(1, -1) ?? [];
    const n = counts.reduce((sum, count) => sum + count, 0);
    expect(n).toBeGreaterThan(0.1 * EVENTS * 2);
    const x = counts.reduce((sum, count, i) => sum + (count * (i + 0.5)) / 20, 0) / n;
    const velocity = Math.sqrt(1 - (2 * 1.77686) ** 2 / energyGeV ** 2);
    // x = (1 + R + (1 - R) velocity cosine) / 2 with density 1 + P cosine: its mean is (1 + R) / 2 + (1 - R) velocity P / 6
    const slope = ((1 - R) * velocity) / 6;
    return [(x - (1 + R) / 2) / slope, 1 / Math.sqrt(12 * n) / slope];
  }

  it.each([
    [91.19, 0],
    [91.19, -0.8],
    [91.19, 0.8],
    [189, 0],
    [35, 1],
    [9, 0.9],
  ])('%s GeV, P(e-) = %s: that of explicit spinors', async (energy, electron) => {
    const [value, error] = await found(energy, electron, ['decays']);
    const beams = { electron, positron: 0 };
    expect(Math.abs(value - polarisation('tau', energy, -1, 1, { beams }))).toBeLessThan(4 * error);
    expect(error).toBeLessThan(0.02);
  });

  it('is what LEP measured, -0.1439 +- 0.0043, with photons of beams and taus', async () => {
    const [value, error] = await found(91.19, 0, ['corrections', 'isr', 'shower', 'decays']);
    expect(Math.abs(value + 0.1439)).toBeLessThan(4 * Math.hypot(error, 0.0043));
  });

  it('explicit spinors give the known form over the angle', () => {
    for (const cosine of [-0.9, -0.3, 0, 0.5, 0.95]) {
      const angles = 1 + cosine * cosine;
      const known =
        -(A_LEPTON * angles + 2 * A_LEPTON * cosine) / (angles + 2 * A_LEPTON * A_LEPTON * cosine);
      const options = { noPhoton: true, massless: true };
      expect(polarisation('tau', 91.1875, cosine - 1e-4, cosine + 1e-4, options)).toBeCloseTo(known, 5);
    }
  });
});
