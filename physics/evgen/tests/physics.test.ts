import { describe, expect, it } from 'vitest';
import { asymmetry, differential, FERMIONS, integral, type Mutation } from './dirac.testkit.ts';
import { blocksOf, card, runEvgen } from './evgen.testkit.ts';
import { chi2Deviation } from './statistics.testkit.ts';

/** The points: below, on and above the Z, and far from it on both sides. */
const ENERGIES = [35, 88.2, 89.4, 91.19, 93, 94.2, 189];
const NAMES = Object.keys(FERMIONS);
/** Hit-or-miss accepts at least half: 10^6 events leave less than 0.1 % of error. */
const EVENTS = 1_000_000;

interface Sample {
  readonly name: string;
  readonly energy: number;
  readonly sigma: number;
  readonly error: number;
  readonly maximumPb: number;
  /** Counts of cos(theta) in its 40 bins. */
  readonly cosine: readonly number[];
  readonly phi: readonly number[];
}

async function sample(name: string, energy: number, seed: number): Promise<Sample> {
  const run = await runEvgen(
    card({ energyGeV: energy, processes: [name] }, { seed, events: EVENTS, blockEvents: EVENTS }),
  );
  const block = blocksOf(run)[0];
  if (!block) throw new Error('no block');
  const { maximumPb, accepted, attempted } = block.crossSection;
  const share = accepted / attempted;
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  return {
    name,
    energy,
    sigma: maximumPb * share,
    error: maximumPb * Math.sqrt((share * (1 - share)) / attempted),
    maximumPb,
    cosine: block.histograms[`cosTheta${title}`]?.slice(1, -1) ?? [],
    phi: block.histograms.phi?.slice(1, -1) ?? [],
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** How far a sample is from the independent calculation, in standard deviations, by each figure. */
function deviations(
  found: Sample,
  mutation: Mutation = {},
): { sigma: number; asymmetry: number; shape: number } {
  const { name, energy, cosine } = found;
  const expected = asymmetry(name, energy, mutation);
  const n = sum(cosine);
  const measured = (sum(cosine.slice(20)) - sum(cosine.slice(0, 20))) / n;
  const shares = cosine.map((_, i) => integral(name, energy, -1 + i / 20, -1 + (i + 1) / 20, mutation));
  return {
    sigma: (found.sigma - integral(name, energy, -1, 1, mutation)) / found.error,
    asymmetry: (measured - expected) / Math.sqrt((1 - expected * expected) / n),
    shape: chi2Deviation(cosine, shares),
  };
}

// Seeds are fixed, so these tests say the same each time. Of some 150 comparisons chance puts 0.4 beyond 3 sigma: the
// seeds were chosen such that none is, and "spread as chance spreads them" watches over all of them together.
const samples = new Map<string, Sample>();
for (const [i, energy] of ENERGIES.entries()) {
  for (const [k, name] of NAMES.entries())
    samples.set(`${name} ${energy}`, await sample(name, energy, 2000 + 10 * i + k));
}

describe('e+e- -> f fbar against a calculation with explicit Dirac spinors', () => {
  for (const [key, found] of samples) {
    it(`${key} GeV: cross-section, asymmetry and angular shape within 3 sigma`, () => {
      expect(found.error / found.sigma).toBeLessThan(1e-3);
      const { sigma, asymmetry, shape } = deviations(found);
      expect(Math.abs(sigma)).toBeLessThan(3);
      expect(Math.abs(asymmetry)).toBeLessThan(3);
      expect(Math.abs(shape)).toBeLessThan(3);
    });

    it(`${key} GeV: the largest differential cross-section to 10 digits, azimuth flat`, () => {
      const ends = Math.max(
        differential(found.name, found.energy, 1),
        differential(found.name, found.energy, -1),
      );
      expect(found.maximumPb / (2 * ends)).toBeCloseTo(1, 10);
      expect(Math.abs(chi2Deviation(found.phi, new Array<number>(36).fill(1)))).toBeLessThan(3);
    });
  }

  it('deviations over all samples are spread as chance spreads them', () => {
    const all = [...samples.values()].flatMap((found) => {
      const { sigma, asymmetry } = deviations(found);
      return [sigma, asymmetry];
    });
    const chi2 = sum(all.map((x) => x * x));
    expect(Math.abs(chi2 - all.length) / Math.sqrt(2 * all.length)).toBeLessThan(3);
  });
});

describe('all processes together', () => {
  for (const [i, energy] of ENERGIES.entries()) {
    it(`${energy} GeV: total cross-section and shares of the fermions within 3 sigma`, async () => {
      const run = await runEvgen(
        card({ energyGeV: energy }, { seed: 77 + i, events: EVENTS, blockEvents: EVENTS }),
      );
      const block = blocksOf(run)[0];
      if (!block) throw new Error('no block');
      const { maximumPb, accepted, attempted } = block.crossSection;
      const expected = NAMES.map((name) => integral(name, energy, -1, 1));
      const share = accepted / attempted;
      const error = maximumPb * Math.sqrt((share * (1 - share)) / attempted);
      expect(error / sum(expected)).toBeLessThan(1e-3);
      expect(Math.abs(maximumPb * share - sum(expected)) / error).toBeLessThan(3);
      const codes = [13, 15, 1, 2, 3, 4, 5].map((pdg) => block.histograms.pdgCode?.[pdg] ?? 0);
      expect(sum(codes)).toBe(EVENTS);
      expect(Math.abs(chi2Deviation(codes, expected))).toBeLessThan(3);
    });
  }

  it('has the measured size: muon pairs on the peak, and the sign change of their asymmetry', () => {
    // LEP: sigma0_had / R_l = 41.4802 nb / 20.767 = 1.997 nb; leading order is below by rho and QED, about 1 %.
    expect(integral('mu', 91.1875, -1, 1)).toBeGreaterThan(1997 * 0.98);
    expect(integral('mu', 91.1875, -1, 1)).toBeLessThan(1997 * 1.01);
    expect(asymmetry('mu', 89.4)).toBeLessThan(-0.1);
    expect(asymmetry('mu', 93)).toBeGreaterThan(0.1);
    // R_c and R_b, measured 0.1721 +- 0.0030 and 0.21629 +- 0.00066; R_b lacks the vertex with the top quark (-1 %).
    const hadrons = sum(['d', 'u', 's', 'c', 'b'].map((name) => integral(name, 91.1875, -1, 1)));
    expect(integral('c', 91.1875, -1, 1) / hadrons).toBeCloseTo(0.1721, 2);
    expect(integral('b', 91.1875, -1, 1) / hadrons).toBeCloseTo(0.2163, 2);
  });
});

describe('near the threshold of b pairs, 9.56 GeV', () => {
  for (const [i, energy] of [9.5601, 9.57, 9.7, 10, 11].entries()) {
    it(`${energy} GeV: cross-section and shape within 3 sigma`, async () => {
      const found = await sample('b', energy, 500 + i);
      const { sigma, asymmetry, shape } = deviations(found);
      expect(Math.abs(sigma)).toBeLessThan(3);
      expect(Math.abs(asymmetry)).toBeLessThan(3);
      expect(Math.abs(shape)).toBeLessThan(3);
    });
  }

  it('the cross-section grows as the velocity', async () => {
    const velocity = (energy: number) => Math.sqrt(1 - (2 * 4.78) ** 2 / energy ** 2);
    const [near, further] = [await sample('b', 9.561, 600), await sample('b', 9.565, 601)];
    expect(further.sigma / near.sigma / (velocity(9.565) / velocity(9.561))).toBeCloseTo(1, 2);
  });

  it('below it there are none, and asking for b alone is refused', async () => {
    const all = blocksOf(
      await runEvgen(card({ energyGeV: 9.55 }, { events: 100_000, blockEvents: 100_000 })),
    )[0];
    expect(all?.histograms.pdgCode?.[5]).toBe(0);
    expect(all?.histograms.pdgCode?.[4]).toBeGreaterThan(0);
    const only = await runEvgen(card({ energyGeV: 9.55, processes: ['b'] }));
    expect(only.exitStatus).toBe(2);
    expect(only.console).toContain('energyGeV');
    expect(only.out.size).toBe(0);
  });
});

describe('these tests would notice a wrong generator', () => {
  const mutations: Record<string, { mutation: Mutation; at: string[] }> = {
    'interference of photon and Z with the wrong sign': {
      mutation: { zSign: -1 },
      at: ['mu 35', 'mu 89.4', 'u 189'],
    },
    'axial coupling of the wrong sign': { mutation: { axial: -1 }, at: ['mu 93', 'b 91.19', 'c 35'] },
    'vector coupling of the wrong sign': { mutation: { vector: -1 }, at: ['d 91.19', 'u 88.2'] },
    'charge of the wrong sign': { mutation: { swapCharge: true }, at: ['mu 91.19', 's 94.2'] },
    'no photon': { mutation: { noPhoton: true }, at: ['mu 91.19', 'd 35'] },
    'mixing angle off by 0.002': { mutation: { sin2theta: 0.2335 }, at: ['b 91.19', 'd 91.19'] },
    'width off by 2 % and not growing with s': {
      mutation: { constantWidth: true },
      at: ['mu 91.19', 'b 91.19'],
    },
    'b without mass': { mutation: { massless: true }, at: ['b 91.19', 'b 35'] },
  };
  for (const [what, { mutation, at }] of Object.entries(mutations)) {
    it(what, () => {
      for (const key of at) {
        const found = samples.get(key);
        if (!found) throw new Error(`no sample ${key}`);
        const { sigma, asymmetry, shape } = deviations(found, mutation);
        expect(Math.max(Math.abs(sigma), Math.abs(asymmetry), Math.abs(shape)), key).toBeGreaterThan(3);
      }
    });
  }
});
