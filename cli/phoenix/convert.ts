import type { FinalParticle, RecordedEvent } from './hepmc.ts';
import { durhamJets } from './jets.ts';

/** A tracker of this radius and half length in a field along the beam, much as LEP's: mm and tesla. */
const TRACKER = { radius: 1000, halfLength: 1500, tesla: 1.2 };
const POINTS = 24;
/** Phoenix draws a jet 0.2 mm long for each unit of energy: its habit is MeV. */
const MEV = 1000;
const Y_CUT = 0.01;
const COLOURS: Readonly<Record<number, string>> = {
  11: '#2563eb',
  13: '#dc2626',
  211: '#d97706',
  321: '#16a34a',
  2212: '#7c3aed',
};

const NEUTRINOS = [12, 14, 16];
const CHARGES: Readonly<Record<number, number>> = {
  11: -1,
  13: -1,
  15: -1,
  211: 1,
  321: 1,
  2212: 1,
  3222: 1,
  3112: -1,
  3312: -1,
  3334: -1,
};

const chargeOf = (pdg: number) => (CHARGES[Math.abs(pdg)] ?? 0) * Math.sign(pdg);

function angles([x, y, z]: FinalParticle['p']) {
  const pT = Math.hypot(x, y);
  return { pT, phi: Math.atan2(y, x), eta: Math.asinh(z / Math.max(pT, 1e-9)), theta: Math.atan2(pT, z) };
}

/** Points of a helix from where the particle was made to the end of the tracker. */
function helix({ p, vertex, pdg }: FinalParticle): [number, number, number][] {
  const { pT, phi } = angles(p);
  const perMm = (-0.3 * chargeOf(pdg) * TRACKER.tesla) / Math.max(pT, 1e-6) / 1000; // turn in the plane across the beam
  const half = Math.PI / Math.max(Math.abs(perMm), 1e-12);
  const slope = p[2] / Math.max(pT, 1e-9);
  const length = Math.min(half, 1.1 * TRACKER.radius, TRACKER.halfLength / Math.max(Math.abs(slope), 1e-9));
  return Array.from({ length: POINTS }, (_, i) => {
    const s = (length * i) / (POINTS - 1);
    const turn = perMm * s;
    const chord = Math.abs(turn) < 1e-9 ? s : (2 * Math.sin(turn / 2)) / perMm;
    const at = phi + turn / 2;
    return [vertex[0] + chord * Math.cos(at), vertex[1] + chord * Math.sin(at), vertex[2] + slope * s];
  });
}

function track(particle: FinalParticle) {
  const { pT, phi, eta } = angles(particle.p);
  return {
    pos: helix(particle),
    color: COLOURS[Math.abs(particle.pdg)] ?? '#6b7280',
    pT: pT * MEV,
    phi,
    eta,
    charge: chargeOf(particle.pdg),
    pdgId: particle.pdg,
  };
}

function cluster({ p, e }: FinalParticle) {
  const { phi, eta, theta } = angles(p);
  return { energy: e * MEV, phi, eta, theta };
}

/** Events as JSON for the Phoenix event display (tracks, calorimeter clusters, jets), by name of the event. */
export function phoenixEvents(events: readonly RecordedEvent[]): Record<string, object> {
  return Object.fromEntries(
    events.map(({ number, particles }) => {
      const seen = particles.filter(({ pdg }) => !NEUTRINOS.includes(Math.abs(pdg)));
      const charged = seen.filter(({ pdg }) => chargeOf(pdg) !== 0);
      const neutral = seen.filter(({ pdg }) => chargeOf(pdg) === 0);
      const jets = durhamJets(seen, Y_CUT).map(({ p, e }) => ({
        ...cluster({ p, e, pdg: 0, vertex: [0, 0, 0] }),
        coneR: 0.4,
      }));
      const event = {
        'event number': number,
        'run number': 0,
        Tracks: { Charged: charged.map(track) },
        CaloClusters: { Neutral: neutral.map(cluster) },
        Jets: { Durham: jets },
      };
      return [`Event ${number}`, event];
    }),
  );
}
