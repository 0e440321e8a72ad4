/**
 * Round values for a linear axis, at steps of 1, 2 or 5 times a power of ten.
 * @param wanted about how many; the answer has at most a few more or fewer
 */
export function linearTicks(from: number, to: number, wanted: number): number[] {
  if (!(to > from) || wanted < 1) return [from];
  const step = roundStep((to - from) / wanted);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  // Multiplied out of whole numbers, so that 0.1 + 0.2 never shows.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The powers of ten within [from, to]; every second or third one where they would crowd. */
export function decadeTicks(from: number, to: number, most: number): number[] {
  const first = Math.ceil(Math.log10(from) - 1e-9);
  const last = Math.floor(Math.log10(to) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first + 1) / most));
  const ticks: number[] = [];
  for (let power = first; power <= last; power += every) ticks.push(10 ** power);
  return ticks;
}

/** The top of an axis over `value`: round, and with steps wide enough that a filling histogram seldom rescales. */
export function roundAbove(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value) + 1e-12);
  for (const factor of [1, 1.5, 2, 3, 4, 5, 6, 8, 10]) {
    if (value <= factor * power * (1 + 1e-9)) return Number((factor * power).toPrecision(12));
  }
  return 10 * power;
}

function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const lead = step / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
}
