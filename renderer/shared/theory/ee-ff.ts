/**
 * Electron and positron to a fermion pair by photon and Z at leading order, exactly as the generator evgen samples it
 * (physics/evgen/process/ee_ff.c gives the formula and its sources): what its histograms tend to. A test compares them.
 */
export interface Inputs {
  readonly energyGeV: number;
  readonly processes: readonly string[];
  readonly mZGeV: number;
  readonly gammaZGeV: number;
  readonly sin2thetaEff: number;
  readonly alphaInverse: number;
}

interface Fermion {
  readonly name: string;
  readonly pdg: number;
  readonly charge: number;
  readonly isospin: number;
  readonly colours: number;
  readonly massGeV: number;
}

export const FERMIONS: readonly Fermion[] = [
  { name: 'mu', pdg: 13, charge: -1, isospin: -0.5, colours: 1, massGeV: 0.1056583755 },
  { name: 'tau', pdg: 15, charge: -1, isospin: -0.5, colours: 1, massGeV: 1.77686 },
  { name: 'd', pdg: 1, charge: -1 / 3, isospin: -0.5, colours: 3, massGeV: 0.00467 },
  { name: 'u', pdg: 2, charge: 2 / 3, isospin: 0.5, colours: 3, massGeV: 0.00216 },
  { name: 's', pdg: 3, charge: -1 / 3, isospin: -0.5, colours: 3, massGeV: 0.0934 },
  { name: 'c', pdg: 4, charge: 2 / 3, isospin: 0.5, colours: 3, massGeV: 1.67 },
  { name: 'b', pdg: 5, charge: -1 / 3, isospin: -0.5, colours: 3, massGeV: 4.78 },
];

const FERMI_CONSTANT = 1.1663787e-5;

/** d sigma / d cos = c0 + c1 cos + c2 cos^2, in units common to all channels. */
export interface Channel {
  readonly fermion: Fermion;
  readonly beta: number;
  readonly c0: number;
  readonly c1: number;
  readonly c2: number;
}

/** What the card's parameters mean; null where they are not a card of this process at leading order. */
export function readInputs(parameters: Readonly<Record<string, unknown>>): Inputs | null {
  const number = (name: string, otherwise: number) => {
    const value = parameters[name];
    return typeof value === 'number' ? value : otherwise;
  };
  const { energyGeV, processes, stages } = parameters;
  if (typeof energyGeV !== 'number' || !Array.isArray(stages) || stages.length > 0) return null;
  return {
    energyGeV,
    processes: Array.isArray(processes) ? processes.map(String) : FERMIONS.map(({ name }) => name),
    mZGeV: number('mZGeV', 91.1875),
    gammaZGeV: number('gammaZGeV', 2.4955),
    sin2thetaEff: number('sin2thetaEff', 0.23153),
    alphaInverse: number('alphaInverse', 128.89),
  };
}

export function channels(inputs: Inputs): Channel[] {
  return FERMIONS.filter(({ name }) => inputs.processes.includes(name)).flatMap((fermion) => {
    const channel = prepare(fermion, inputs);
    return channel ? [channel] : [];
  });
}

function prepare(fermion: Fermion, inputs: Inputs): Channel | null {
  const s = inputs.energyGeV ** 2;
  const beta2 = 1 - (4 * fermion.massGeV ** 2) / s;
  if (!(beta2 > 0)) return null;
  const beta = Math.sqrt(beta2);
  const alpha = 1 / inputs.alphaInverse;
  const mz2 = inputs.mZGeV ** 2;
  const qe = -1;
  const ae = -0.5;
  const ve = ae - 2 * qe * inputs.sin2thetaEff;
  const qf = fermion.charge;
  const af = fermion.isospin;
  const vf = af - 2 * qf * inputs.sin2thetaEff;

  const strength = (FERMI_CONSTANT * mz2) / (2 * Math.SQRT2 * Math.PI * alpha);
  const off = s - mz2;
  const on = (s * inputs.gammaZGeV) / inputs.mZGeV;
  const propagator = s / (off * off + on * on);
  const reChi = strength * propagator * off;
  const chi2 = strength * strength * propagator * s;

  const vector = qe * qe * qf * qf + 2 * qe * qf * ve * vf * reChi + (ve * ve + ae * ae) * vf * vf * chi2;
  const axial = (ve * ve + ae * ae) * af * af * chi2;
  const odd = 2 * qe * qf * ae * af * reChi + 4 * ve * ae * vf * af * chi2;
  const norm = fermion.colours * beta;
  return {
    fermion,
    beta,
    c0: norm * ((2 - beta2) * vector + beta2 * axial),
    c1: norm * 2 * beta * odd,
    c2: norm * beta2 * (vector + axial),
  };
}

/** Integral of a channel's density over cos from `low` to `high`, cut to where cos can be. */
export function between({ c0, c1, c2 }: Channel, low: number, high: number): number {
  const from = Math.min(1, Math.max(-1, low));
  const to = Math.min(1, Math.max(-1, high));
  const at = (x: number) => x * (c0 + x * (c1 / 2 + (x * c2) / 3));
  return at(to) - at(from);
}
