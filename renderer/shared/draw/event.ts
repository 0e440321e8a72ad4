import type { LiveEvent } from '../../../protocol/work-unit.ts';
import { type Particle, type ParticleKind, particle } from './particles.ts';

/**
 * One event in a detector of the usual build, seen along the beam (end view: x to the right, y up) and from the side
 * (z to the right, up and down the distance from the beam, on the side where the particle went). Schematic: real
 * directions and bending, round sizes in metres. How far a track reaches tells the kind, as in a real detector:
 * electrons and photons stop in the inner calorimeter, hadrons in the outer, muons cross everything, neutrinos leave
 * unseen.
 */
export interface Layer {
  readonly name: 'tracker' | 'inner-calorimeter' | 'outer-calorimeter' | 'muon-chambers';
  /** Inner and outer radius, and half-length at each. */
  readonly inner: number;
  readonly outer: number;
  readonly innerHalfLength: number;
  readonly outerHalfLength: number;
}

export const LAYERS: readonly Layer[] = [
  { name: 'tracker', inner: 0.1, outer: 1.8, innerHalfLength: 2.3, outerHalfLength: 2.3 },
  { name: 'inner-calorimeter', inner: 1.9, outer: 2.5, innerHalfLength: 2.4, outerHalfLength: 3 },
  { name: 'outer-calorimeter', inner: 2.6, outer: 3.7, innerHalfLength: 3.1, outerHalfLength: 4.2 },
  { name: 'muon-chambers', inner: 4.1, outer: 4.5, innerHalfLength: 4.6, outerHalfLength: 5 },
];

/** Half the height and half the width of both drawings. */
export const REACH = 5.2;

const FIELD_TESLA = 1.5;
/** Radius of a unit charge's circle in metres = pT / (0.3 B), pT in GeV, B in tesla. */
const BEND = 0.3 * FIELD_TESLA;
/** Below it a particle flies along the beam: there is no direction across to tell. */
const LEAST_PT_GEV = 1e-6;
const CONE_HALF_ANGLE = 0.11;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface View {
  readonly track: readonly Point[];
  /** Energy left in a calorimeter: a bar from its inner face outwards; null where there is none. */
  readonly deposit: readonly [Point, Point] | null;
  /** The two outer corners of a jet's cone from the middle; null for single particles. */
  readonly cone: readonly [Point, Point] | null;
}

export interface DrawnParticle {
  readonly particle: Particle;
  readonly energyGeV: number;
  readonly end: View;
  readonly side: View;
}

const STOPS: Readonly<Record<ParticleKind, { readonly track: number; readonly deposit: number | null }>> = {
  electron: { track: 1, deposit: 1 },
  photon: { track: 1, deposit: 1 },
  tau: { track: 1, deposit: 2 },
  parton: { track: 2, deposit: 2 },
  charged: { track: 2, deposit: 2 },
  neutral: { track: 2, deposit: 2 },
  muon: { track: 3, deposit: null },
  neutrino: { track: 3, deposit: null },
};

export function drawEvent(event: LiveEvent): DrawnParticle[] {
  const beamEnergy = event.energyGeV / 2;
  return event.particles.map(({ pdg, px, py, pz, e }) => {
    const known = particle(pdg);
    const stop = STOPS[known.kind];
    const path = helix({ px, py, pz, charge: known.charge });
    const crosses = known.kind === 'muon' || known.kind === 'neutrino';
    const points = path(boundary(stop.track, crosses ? 'outer' : 'inner'));
    const last = points.at(-1) ?? ORIGIN;
    const full = stop.deposit === null ? null : path(boundary(stop.deposit, 'inner')).at(-1);
    const length = Math.min(1.3, (1.3 * e) / beamEnergy);
    const jet = known.kind === 'parton' || known.kind === 'tau';
    const open = known.kind === 'tau' ? CONE_HALF_ANGLE / 2 : CONE_HALF_ANGLE;
    const view = (flat: (point: Point3) => Point): View => ({
      track: points.map(flat),
      deposit: full ? bar(flat(full), length) : null,
      cone: jet ? cone(flat(last), open) : null,
    });
    const up = py >= 0 ? 1 : -1;
    return {
      particle: known,
      energyGeV: e,
      end: view(({ x, y }) => ({ x, y: -y })),
      side: view(({ x, y, z }) => ({ x: z, y: -up * Math.hypot(x, y) })),
    };
  });
}

interface Point3 {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}
const ORIGIN: Point3 = { x: 0, y: 0, z: 0 };

interface Cylinder {
  readonly radius: number;
  readonly halfLength: number;
}

function boundary(layer: number, face: 'inner' | 'outer'): Cylinder {
  const { inner, outer, innerHalfLength, outerHalfLength } = LAYERS[layer] as Layer;
  return face === 'inner'
    ? { radius: inner, halfLength: innerHalfLength }
    : { radius: outer, halfLength: outerHalfLength };
}

/** The path from the middle to a cylinder's wall or lid, whichever comes first; straight without charge. */
function helix(of: { px: number; py: number; pz: number; charge: number }): (to: Cylinder) => Point3[] {
  const pT = Math.hypot(of.px, of.py);
  const phi = Math.atan2(of.py, of.px);
  return ({ radius, halfLength }) => {
    if (pT < LEAST_PT_GEV) return [ORIGIN, { x: 0, y: 0, z: Math.sign(of.pz) * halfLength }];
    const circle = of.charge === 0 ? Number.POSITIVE_INFINITY : pT / BEND;
    const arcToWall = circle === Number.POSITIVE_INFINITY ? radius : arcLength(radius, circle);
    const arcToLid = of.pz === 0 ? Number.POSITIVE_INFINITY : (halfLength * pT) / Math.abs(of.pz);
    const arc = Math.min(arcToWall, arcToLid);
    const steps = circle === Number.POSITIVE_INFINITY ? 1 : 24;
    return Array.from({ length: steps + 1 }, (_, i): Point3 => {
      const s = (arc * i) / steps;
      const r = circle === Number.POSITIVE_INFINITY ? s : 2 * circle * Math.sin(s / (2 * circle));
      // A positive charge in a field along +z turns clockwise as seen from +z.
      const turned = phi - (of.charge * s) / (2 * circle);
      return { x: r * Math.cos(turned), y: r * Math.sin(turned), z: (s * of.pz) / pT };
    });
  };
}

/** Along a circle through the middle until `radius` from it; half a turn where the circle is too small to get there. */
function arcLength(radius: number, circle: number): number {
  return radius >= 2 * circle ? Math.PI * circle : 2 * circle * Math.asin(radius / (2 * circle));
}

function bar(from: Point, length: number): readonly [Point, Point] {
  const away = Math.hypot(from.x, from.y) || 1;
  const stretch = (away + length) / away;
  return [from, { x: from.x * stretch, y: from.y * stretch }];
}

function cone(to: Point, halfAngle: number): readonly [Point, Point] {
  const turn = (by: number) => ({
    x: to.x * Math.cos(by) - to.y * Math.sin(by),
    y: to.x * Math.sin(by) + to.y * Math.cos(by),
  });
  return [turn(-halfAngle), turn(halfAngle)];
}
