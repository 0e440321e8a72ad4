export interface Momentum {
  readonly p: readonly [number, number, number];
  readonly e: number;
}

const size = ([x, y, z]: Momentum['p']) => Math.hypot(x, y, z);

/** 2 min(Ei^2, Ej^2) (1 - cos). S. Catani et al., Phys. Lett. B 269 (1991) 432. */
function distance(a: Momentum, b: Momentum): number {
  const cosine =
    (a.p[0] * b.p[0] + a.p[1] * b.p[1] + a.p[2] * b.p[2]) / Math.max(size(a.p) * size(b.p), 1e-300);
  return 2 * Math.min(a.e, b.e) ** 2 * (1 - cosine);
}

/** Jets at a resolution, hardest first. For single events to look at: simple, not quick. */
export function durhamJets(particles: readonly Momentum[], yCut: number): Momentum[] {
  const jets: Momentum[] = particles.map(({ p, e }) => ({ p, e }));
  const limit = yCut * jets.reduce((sum, { e }) => sum + e, 0) ** 2;
  for (;;) {
    let best: { i: number; j: number; d: number } | null = null;
    for (const [i, a] of jets.entries()) {
      for (const [j, b] of jets.slice(0, i).entries()) {
        const d = distance(a, b);
        if (d < (best?.d ?? limit)) best = { i, j, d };
      }
    }
    const [a, b] = best ? [jets[best.i], jets[best.j]] : [];
    if (!best || !a || !b) return jets.sort((one, two) => two.e - one.e);
    jets[best.j] = { p: [a.p[0] + b.p[0], a.p[1] + b.p[1], a.p[2] + b.p[2]], e: a.e + b.e };
    jets.splice(best.i, 1);
  }
}
