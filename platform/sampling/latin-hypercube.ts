import { uniforms } from './uniforms.ts';

/** The largest double below 1: a sum may round up to 1. */
const BELOW_ONE = 1 - 2 ** -53;

/**
 * Every dimension is cut into `count` slices, and each slice has one point, somewhere within (M. D. McKay, R. J. Beckman, W. J. Conover,
 * Technometrics 21 (1979) 239).
 * @returns `count` points of [0, 1)^dimensions
 */
export function latinHypercube(dimensions: number, count: number, seed: number): number[][] {
  const columns = Array.from({ length: dimensions }, (_, d) => {
    const slices = shuffled(uniforms(`latin-hypercube/${seed}/order/${d}`, count));
    const places = uniforms(`latin-hypercube/${seed}/place/${d}`, count);
    return slices.map((slice, i) => Math.min(BELOW_ONE, (slice + (places[i] ?? 0)) / count));
  });
  return Array.from({ length: count }, (_, i) => columns.map((column) => column[i] ?? 0));
}

/** Fisher and Yates: 0 ... n - 1 in an order that the n random numbers choose. */
function shuffled(random: readonly number[]): number[] {
  const order = random.map((_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor((random[i] ?? 0) * (i + 1));
    const chosen = order[j] ?? j;
    order[j] = order[i] ?? i;
    order[i] = chosen;
  }
  return order;
}
