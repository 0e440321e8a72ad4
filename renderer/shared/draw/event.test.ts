import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawEvent, LAYERS, REACH } from './event.ts';
import { particle } from './particles.ts';

function event(...particles: [number, number, number, number][]) {
  return {
    event: 1,
    energyGeV: 91.2,
    particles: particles.map(([pdg, px, py, pz]) => ({ pdg, px, py, pz, e: Math.hypot(px, py, pz) })),
  };
}
const end = (drawn: ReturnType<typeof drawEvent>[number] | undefined, view: 'end' | 'side') =>
  drawn?.[view].track.at(-1) ?? { x: 0, y: 0 };

describe('particles', () => {
  it.each([
    [13, 'muon', 'μ⁻', -1],
    [-13, 'muon', 'μ⁺', 1],
    [-11, 'electron', 'e⁺', 1],
    [5, 'parton', 'b', 0],
    [-2, 'parton', 'u\u0305', 0],
    [21, 'parton', 'g', 0],
    [22, 'photon', 'γ', 0],
    [-14, 'neutrino', 'ν\u0305μ', 0],
    [-211, 'charged', 'π⁻', -1],
    [130, 'neutral', '130', 0],
  ])('%d is %s %s of charge %d', (pdg, kind, symbol, charge) =>
    expect(particle(pdg)).toEqual({ kind, symbol, charge }),
  );
});

describe('an event', () => {
  it('reaches as far as the kind does in a detector', () => {
    const radius = (pdg: number) => {
      const { x, y } = end(drawEvent(event([pdg, 45, 0, 0]))[0], 'end');
      return Math.hypot(x, y);
    };
    expect(radius(11)).toBeCloseTo(LAYERS[1]?.inner ?? 0, 6);
    expect(radius(211)).toBeCloseTo(LAYERS[2]?.inner ?? 0, 6);
    expect(radius(13)).toBeCloseTo(LAYERS[3]?.outer ?? 0, 6);
  });

  it('ends at the lid when it goes forward', () => {
    const drawn = drawEvent(event([13, 1, 0, 45]))[0];
    expect(end(drawn, 'side').x).toBeCloseTo(LAYERS[3]?.outerHalfLength ?? 0, 6);
  });

  it('bends charged tracks of opposite sign to opposite sides, neutral ones not', () => {
    // Up along y: a positive charge turns clockwise, to the right in the end view.
    const [plus, minus, none] = drawEvent(event([211, 0, 2, 0], [-211, 0, 2, 0], [22, 0, 2, 0]));
    expect(end(plus, 'end').x).toBeGreaterThan(0.1);
    expect(end(minus, 'end').x).toBeLessThan(-0.1);
    expect(Math.abs(end(none, 'end').x)).toBeLessThan(1e-9);
  });

  it('has y up in both views, although y grows downwards on a screen', () => {
    const [drawn] = drawEvent(event([22, 0, 10, 10]));
    expect(end(drawn, 'end').y).toBeLessThan(0);
    expect(end(drawn, 'side').y).toBeLessThan(0);
    expect(end(drawn, 'side').x).toBeGreaterThan(0);
  });

  it('leaves energy where the kind does, none for muons and neutrinos, and draws quarks as cones', () => {
    const [electron, muon, neutrino, quark] = drawEvent(
      event([11, 10, 0, 0], [13, 10, 0, 0], [12, 10, 0, 0], [5, 10, 0, 0]),
    );
    expect(electron?.end.deposit).not.toBeNull();
    expect(muon?.end.deposit).toBeNull();
    expect(neutrino?.end.deposit).toBeNull();
    expect(quark?.end.cone).not.toBeNull();
    expect(electron?.end.cone).toBeNull();
  });

  it('stays within the drawing whatever the momentum', () => {
    const momentum = fc.double({ min: -100, max: 100, noNaN: true });
    const pdg = fc.constantFrom(11, -13, 15, 12, 22, 1, -5, 21, 211, -2212, 2112, 999);
    fc.assert(
      fc.property(pdg, momentum, momentum, momentum, (id, px, py, pz) => {
        for (const drawn of drawEvent(event([id, px, py, pz]))) {
          for (const view of [drawn.end, drawn.side]) {
            for (const { x, y } of [...view.track, ...(view.deposit ?? []), ...(view.cone ?? [])]) {
              expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThanOrEqual(REACH + 1e-6);
            }
          }
        }
      }),
    );
  });
});
