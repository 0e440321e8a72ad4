import { describe, expect, it } from 'vitest';
import { card, runEvgen } from '../../physics/evgen/tests/evgen.testkit.ts';
import { phoenixEvents } from './convert.ts';
import { NotHepmc, readHepmc } from './hepmc.ts';
import { durhamJets } from './jets.ts';

interface Phoenix {
  'event number': number;
  Tracks: { Charged: { pos: number[][]; charge: number; pT: number; phi: number }[] };
  CaloClusters: { Neutral: { energy: number }[] };
  Jets: { Durham: { energy: number; eta: number; phi: number }[] };
}

describe('real events', async () => {
  const stages = ['corrections', 'shower', 'hadronisation', 'decays'];
  const run = await runEvgen(
    card({ energyGeV: 91.2, stages, processes: ['b'], hepmcEvents: 40 }, { events: 40, blockEvents: 40 }),
  );
  const events = readHepmc(String(run.out.get('events.hepmc')));
  const shown = Object.values(phoenixEvents(events)) as Phoenix[];

  it('are read whole: energy and momentum balance', () => {
    expect(events.map(({ number }) => number)).toEqual([...Array(40).keys()]);
    for (const { particles } of events) {
      expect(particles.reduce((sum, { e }) => sum + e, 0)).toBeCloseTo(91.2, 8);
      expect(particles.reduce((sum, { p }) => sum + p[2], 0)).toBeCloseTo(0, 8);
    }
    // b hadrons fly some millimetres.
    const places = events.flatMap(({ particles }) => particles.map(({ vertex }) => Math.hypot(...vertex)));
    expect(places.filter((place) => place > 0.5 && place < 50).length).toBeGreaterThan(100);
  });

  it('have tracks that begin where the particle was made and leave in its direction', () => {
    for (const [i, event] of shown.entries()) {
      for (const { pos, phi, charge } of event.Tracks.Charged) {
        const [first, second] = pos;
        if (!first || !second) throw new Error('no points');
        expect(Math.abs(charge)).toBe(1);
        expect(
          events[i]?.particles.some(
            ({ vertex }) => Math.hypot(vertex[0] - (first[0] ?? 0), vertex[1] - (first[1] ?? 0)) < 1e-9,
          ),
        ).toBe(true);
        const turned =
          Math.atan2((second[1] ?? 0) - (first[1] ?? 0), (second[0] ?? 0) - (first[0] ?? 0)) - phi;
        expect(Math.cos(turned)).toBeGreaterThan(0.98);
      }
    }
  });

  it('have the energy of all that is seen in their jets', () => {
    for (const [i, { Jets }] of shown.entries()) {
      const seen = events[i]?.particles.filter(({ pdg }) => ![12, 14, 16].includes(Math.abs(pdg))) ?? [];
      const total = Jets.Durham.reduce((sum, { energy }) => sum + energy, 0);
      expect(total).toBeCloseTo(1000 * seen.reduce((sum, { e }) => sum + e, 0), 4);
      expect(Jets.Durham.length).toBeGreaterThanOrEqual(2);
    }
  });
});

it('finds three jets of three, two when told to look less closely', () => {
  const star = [0, 120, 240].map((degrees) => {
    const angle = (degrees * Math.PI) / 180;
    return { p: [Math.cos(angle), Math.sin(angle), 0] as const, e: 1 };
  });
  expect(durhamJets(star, 0.3)).toHaveLength(3);
  expect(durhamJets(star, 0.34)).toHaveLength(2);
});

it('says where a text is not HepMC', () => {
  expect(() => readHepmc('{}')).toThrow(NotHepmc);
  const head = 'HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\n';
  expect(() => readHepmc(`${head}E 0 1 1\nU MEV MM\n`)).toThrow('line 4: units');
  expect(() => readHepmc(`${head}E 0 1 1\nP 1 0 11 0 0 x 1 0 4\n`)).toThrow('line 4: a number');
  expect(() => readHepmc(`${head}P 1 0 11 0 0 1 1 0 4\n`)).toThrow('line 3: a particle before');
});
