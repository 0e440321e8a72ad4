/** Where a parameter's values come from, both ends within. */
export interface Range {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Whole numbers only; the ends are whole too. */
  readonly integer?: boolean;
  /** Each factor is as likely as any other, and not each difference; the ends are above 0. */
  readonly logarithmic?: boolean;
}

/** Digits across a range that any two points of a sample differ by: cards are read by people too. */
const STEPS = 1e5;

/** @param u of [0, 1) */
export function valueIn({ low, high, integer = false, logarithmic = false }: Range, u: number): number {
  const within = (value: number) => Math.min(high, Math.max(low, value));
  if (integer) {
    const exact = logarithmic ? low * power((high + 1) / low, u) : low + u * (high - low + 1);
    return within(Math.floor(exact));
  }
  if (!logarithmic)
    return within(rounded((low + high + (2 * u - 1) * (high - low)) / 2, (high - low) / STEPS));
  const exact = low * power(high / low, u);
  return within(rounded(exact, Math.min(exact, high - low) / STEPS));
}

/** ratio^u by square roots and products, which are rounded alike on every machine as Math.pow is not. */
function power(ratio: number, u: number): number {
  let product = 1;
  let root = ratio;
  for (let bits = u; bits > 0; ) {
    root = Math.sqrt(root);
    bits *= 2;
    if (bits >= 1) {
      product *= root;
      bits -= 1;
    }
  }
  return product;
}

/** Values as people write them: to the decimal that is a tenth of a step that matters, or finer. */
export function rounded(value: number, step: number): number {
  const exponent = step > 0 ? Number(step.toExponential().split('e')[1]) : -100;
  return Number(value.toFixed(Math.min(100, Math.max(0, 1 - exponent)))) + 0; // no -0
}
