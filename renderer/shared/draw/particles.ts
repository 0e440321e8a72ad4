/** How a kind of particle shows in a detector, and so how it is drawn. */
export type ParticleKind =
  | 'electron'
  | 'muon'
  | 'tau'
  | 'neutrino'
  | 'photon'
  | 'parton'
  | 'charged'
  | 'neutral';

export interface Particle {
  readonly kind: ParticleKind;
  /** For people: "μ⁻", "b̄", "K⁺" */
  readonly symbol: string;
  /** In units of e; 0 where the kind bends no visible track. */
  readonly charge: number;
}

const QUARKS = ['d', 'u', 's', 'c', 'b', 't'] as const;
const LEPTONS: Readonly<Record<number, readonly [ParticleKind, string]>> = {
  11: ['electron', 'e'],
  13: ['muon', 'μ'],
  15: ['tau', 'τ'],
};
const NEUTRINOS: Readonly<Record<number, string>> = { 12: 'νₑ', 14: 'νμ', 16: 'ντ' };
const CHARGED_HADRONS: Readonly<Record<number, string>> = {
  211: 'π',
  321: 'K',
  411: 'D',
  431: 'Dₛ',
  521: 'B',
};
const OVERLINE = '\u0305';

/** Reads a particle by its number in the Monte Carlo particle numbering scheme of the Particle Data Group. */
export function particle(pdg: number): Particle {
  const id = Math.abs(pdg);
  const anti = pdg < 0;
  const quark = QUARKS[id - 1];
  if (quark) return { kind: 'parton', symbol: anti ? quark + OVERLINE : quark, charge: 0 };
  if (id === 21) return { kind: 'parton', symbol: 'g', charge: 0 };
  if (id === 22) return { kind: 'photon', symbol: 'γ', charge: 0 };
  const lepton = LEPTONS[id];
  // The numbering gives the negative lepton the positive number.
  if (lepton) return { kind: lepton[0], symbol: lepton[1] + (anti ? '⁺' : '⁻'), charge: anti ? 1 : -1 };
  const neutrino = NEUTRINOS[id];
  if (neutrino)
    return { kind: 'neutrino', symbol: anti ? `ν${OVERLINE}${neutrino.slice(1)}` : neutrino, charge: 0 };
  const meson = CHARGED_HADRONS[id];
  if (meson) return { kind: 'charged', symbol: meson + (anti ? '⁻' : '⁺'), charge: anti ? -1 : 1 };
  if (id === 2212) return { kind: 'charged', symbol: anti ? `p${OVERLINE}` : 'p', charge: anti ? -1 : 1 };
  return { kind: 'neutral', symbol: id === 2112 ? 'n' : `${pdg}`, charge: 0 };
}
