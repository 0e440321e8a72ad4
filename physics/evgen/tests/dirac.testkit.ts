/**
 * e+e- -> gamma, Z -> f fbar once more, by another way than evgen's: Feynman's rules with explicit Dirac spinors and
 * matrices, summed over spins by arithmetic, no trace and no formula for couplings worked out. Independent of the C
 * code on purpose; constants are typed in again.
 * Conventions: M. E. Peskin, D. V. Schroeder, "An Introduction to Quantum Field Theory" (Dirac representation here).
 */

/** What may be falsified, to show that the tests would notice. */
export interface Mutation {
  /** Factor on the Z amplitude: -1 flips the interference. */
  readonly zSign?: number;
  /** Factor on the final fermion's axial coupling. */
  readonly axial?: number;
  readonly vector?: number;
  readonly sin2theta?: number;
  readonly constantWidth?: boolean;
  readonly massless?: boolean;
  readonly noPhoton?: boolean;
  readonly swapCharge?: boolean;
  /** Not false but asked for: polarisation along each beam, from -1 (left-handed) to 1. */
  readonly beams?: { readonly electron: number; readonly positron: number };
}

interface Fermion {
  readonly charge: number;
  readonly isospin: number;
  readonly colours: number;
  readonly mass: number;
}

const DOWN = { charge: -1 / 3, isospin: -1 / 2, colours: 3 };
const UP = { charge: 2 / 3, isospin: 1 / 2, colours: 3 };
const LEPTON = { charge: -1, isospin: -1 / 2, colours: 1 };

export const FERMIONS: Readonly<Record<string, Fermion>> = {
  mu: { ...LEPTON, mass: 0.1056583755 },
  tau: { ...LEPTON, mass: 1.77686 },
  d: { ...DOWN, mass: 0.00467 },
  u: { ...UP, mass: 0.00216 },
  s: { ...DOWN, mass: 0.0934 },
  c: { ...UP, mass: 1.67 },
  b: { ...DOWN, mass: 4.78 },
};

const Z_MASS = 91.1875;
const Z_WIDTH = 2.4955;
const SIN2THETA = 0.23153;
const ALPHA = 1 / 128.89;
const FERMI = 1.1663787e-5;
const GEV2_PB = 389379372.1;

/** A complex number. */
type Complex = readonly [re: number, im: number];
type Spinor = readonly Complex[];
type Matrix = readonly (readonly Complex[])[];

const ZERO: Complex = [0, 0];
const add = (a: Complex, b: Complex): Complex => [a[0] + b[0], a[1] + b[1]];
const times = (a: Complex, b: Complex): Complex => [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
const scale = (k: number, a: Complex): Complex => [k * a[0], k * a[1]];
const conjugate = (a: Complex): Complex => [a[0], -a[1]];
const norm2 = (a: Complex): number => a[0] * a[0] + a[1] * a[1];

/** A matrix from rows of "0", "1", "-1", "i", "-i". */
function matrix(...rows: string[]): Matrix {
  const values: Record<string, Complex> = { '0': ZERO, '1': [1, 0], '-1': [-1, 0], i: [0, 1], '-i': [0, -1] };
  return rows.map((row) => row.split(' ').map((entry) => values[entry] ?? ZERO));
}

const GAMMA: readonly Matrix[] = [
  matrix('1 0 0 0', '0 1 0 0', '0 0 -1 0', '0 0 0 -1'),
  matrix('0 0 0 1', '0 0 1 0', '0 -1 0 0', '-1 0 0 0'),
  matrix('0 0 0 -i', '0 0 i 0', '0 i 0 0', '-i 0 0 0'),
  matrix('0 0 1 0', '0 0 0 -1', '-1 0 0 0', '0 1 0 0'),
];
const GAMMA5 = matrix('0 0 1 0', '0 0 0 1', '1 0 0 0', '0 1 0 0');
const METRIC = [1, -1, -1, -1];

const apply = (m: Matrix, s: Spinor): Spinor =>
  m.map((row) => row.reduce((sum, entry, i) => add(sum, times(entry, s[i] ?? ZERO)), ZERO));

/** bar(a) b, with bar(a) = a^dagger gamma0. */
const bar = (a: Spinor, b: Spinor): Complex => {
  const lowered = apply(GAMMA[0] ?? [], b);
  return a.reduce((sum, entry, i) => add(sum, times(conjugate(entry), lowered[i] ?? ZERO)), ZERO);
};

interface Momentum {
  readonly e: number;
  readonly p: readonly [number, number, number];
}

/** sigma.p on a two-component spinor. */
function sigmaP([x, y, z]: Momentum['p'], [a, b]: readonly [Complex, Complex]): [Complex, Complex] {
  return [add(scale(z, a), times([x, -y], b)), add(times([x, y], a), scale(-z, b))];
}

const UPS_AND_DOWNS: readonly (readonly [Complex, Complex])[] = [
  [[1, 0], ZERO],
  [ZERO, [1, 0]],
];

/** Both spin states of a particle (u) or an antiparticle (v), normalised to bar(u) u = 2m. */
function spinors(kind: 'u' | 'v', { e, p }: Momentum, m: number, states = UPS_AND_DOWNS): Spinor[] {
  const root = Math.sqrt(e + m);
  return states.map((chi) => {
    const large = chi.map((c) => scale(root, c));
    const small = sigmaP(p, chi).map((c) => scale(root / (e + m), c));
    return kind === 'u' ? [...large, ...small] : [...small, ...large];
  });
}

/** bar(left) gamma^mu (v - a gamma5) right, mu = 0..3. */
function current(left: Spinor, right: Spinor, v: number, a: number): Complex[] {
  const inner = right.map((c, i) => add(scale(v, c), scale(-a, apply(GAMMA5, right)[i] ?? ZERO)));
  return GAMMA.map((g) => bar(left, apply(g, inner)));
}

const contract = (a: readonly Complex[], b: readonly Complex[]): Complex =>
  a.reduce((sum, entry, mu) => add(sum, scale(METRIC[mu] ?? 0, times(entry, b[mu] ?? ZERO))), ZERO);

/**
 * d sigma / d cos(theta), pb.
 * @param energy in the centre of mass, GeV
 * @param cosine of the angle between e- and f
 */
export function differential(name: string, energy: number, cosine: number, mutation: Mutation = {}): number {
  return bySpin(name, energy, cosine, mutation).reduce((sum, part) => sum + part);
}

/** The same of right-handed and of left-handed f. */
function bySpin(name: string, energy: number, cosine: number, mutation: Mutation): [number, number] {
  const known = FERMIONS[name];
  if (!known) throw new Error(`no such fermion: ${name}`);
  const mass = mutation.massless ? 0 : known.mass;
  if (energy <= 2 * mass) return [0, 0];
  const s = energy * energy;
  const e = energy / 2;
  const p = Math.sqrt(e * e - mass * mass);
  const sine = Math.sqrt(1 - cosine * cosine);
  const k: Momentum['p'] = [p * sine, 0, p * cosine];
  const electrons = spinors('u', { e, p: [0, 0, e] }, 0);
  const positrons = spinors('v', { e, p: [0, 0, -e] }, 0);
  const half = Math.acos(cosine) / 2;
  const alongK = [Math.cos(half), Math.sin(half)] as const;
  const right = [[alongK[0], 0] as const, [alongK[1], 0] as const] as const;
  const left = [[-alongK[1], 0] as const, [alongK[0], 0] as const] as const;
  const fermions = spinors('u', { e, p: k }, mass, [right, left]);
  const antifermions = spinors('v', { e, p: [-k[0], -k[1], -k[2]] }, mass);

  const sin2 = mutation.sin2theta ?? SIN2THETA;
  const charge = known.charge * (mutation.swapCharge ? -1 : 1);
  const photon = mutation.noPhoton ? 0 : (4 * Math.PI * ALPHA * -1 * charge) / s;
  // (g / cos)^2 / 4 = sqrt(2) G_F mZ^2, and the propagator 1 / (s - mZ^2 + i s Gamma / mZ).
  const real = s - Z_MASS ** 2;
  const imaginary = mutation.constantWidth ? Z_MASS * Z_WIDTH * 1.02 : (s * Z_WIDTH) / Z_MASS;
  const strength = ((mutation.zSign ?? 1) * Math.SQRT2 * FERMI * Z_MASS ** 2) / (real ** 2 + imaginary ** 2);
  const z: Complex = [strength * real, -strength * imaginary];
  const electronVector = -1 / 2 + 2 * sin2;
  const vector = (known.isospin - 2 * charge * sin2) * (mutation.vector ?? 1);
  const axial = known.isospin * (mutation.axial ?? 1);

  const weights = (polarisation: number) => [1 + polarisation, 1 - polarisation];
  const { electron = 0, positron = 0 } = mutation.beams ?? {};
  const sums: [number, number] = [0, 0];
  for (const [i, u] of electrons.entries()) {
    for (const [k, v] of positrons.entries()) {
      // An electron along z with its spin up is right-handed. v is the spinor of a spin opposite to chi's, and the positron flies
      // along -z: with chi up it is right-handed too.
      const weight = (weights(electron)[i] ?? 0) * (weights(positron)[k] ?? 0);
      const photonIn = current(v, u, 1, 0);
      const zIn = current(v, u, electronVector, -1 / 2);
      for (const [spin, f] of fermions.entries()) {
        for (const fbar of antifermions) {
          const byPhoton = scale(photon, contract(photonIn, current(f, fbar, 1, 0)));
          const byZ = times(z, contract(zIn, current(f, fbar, vector, axial)));
          sums[spin === 0 ? 0 : 1] += weight * norm2(add(byPhoton, byZ));
        }
      }
    }
  }
  // Average over the beams' spins; two-body phase space over 2s, azimuth integrated.
  const flux = (((1 / 4) * known.colours * (p / e)) / (32 * Math.PI * s)) * GEV2_PB;
  return [sums[0] * flux, sums[1] * flux];
}

/** Mean helicity of f with angles from cosine a to b. */
export function polarisation(
  name: string,
  energy: number,
  a: number,
  b: number,
  mutation: Mutation = {},
): number {
  const steps = 200;
  let [right, left] = [0, 0];
  for (let i = 0; i < steps; i++) {
    const parts = bySpin(name, energy, a + ((b - a) * (i + 0.5)) / steps, mutation);
    right += parts[0];
    left += parts[1];
  }
  return (right - left) / (right + left);
}

/** Integral of the differential cross-section from cosine a to b, pb: Gauss-Legendre with five points. */
export function integral(
  name: string,
  energy: number,
  a: number,
  b: number,
  mutation: Mutation = {},
): number {
  const points = [
    [0, 128 / 225],
    [Math.sqrt(5 - 2 * Math.sqrt(10 / 7)) / 3, (322 + 13 * Math.sqrt(70)) / 900],
    [-Math.sqrt(5 - 2 * Math.sqrt(10 / 7)) / 3, (322 + 13 * Math.sqrt(70)) / 900],
    [Math.sqrt(5 + 2 * Math.sqrt(10 / 7)) / 3, (322 - 13 * Math.sqrt(70)) / 900],
    [-Math.sqrt(5 + 2 * Math.sqrt(10 / 7)) / 3, (322 - 13 * Math.sqrt(70)) / 900],
  ] as const;
  const middle = (a + b) / 2;
  const half = (b - a) / 2;
  return points.reduce(
    (sum, [x, w]) => sum + w * half * differential(name, energy, middle + half * x, mutation),
    0,
  );
}

/** Forward-backward asymmetry. */
export function asymmetry(name: string, energy: number, mutation: Mutation = {}): number {
  const forward = integral(name, energy, 0, 1, mutation);
  const backward = integral(name, energy, -1, 0, mutation);
  return (forward - backward) / (forward + backward);
}
