export interface Sample {
  readonly atMs: number;
  readonly events: number;
}

/** Work units come in lumps: a pace over less than this says nothing, over more is of the past. */
const WINDOW_MS = 180_000;
const LEAST_MS = 5_000;

/** Adds a sample and forgets those before the window, but for the last of them: there the window begins. */
export function sampled(samples: readonly Sample[], next: Sample): Sample[] {
  const inside = samples.filter(({ atMs }) => next.atMs - atMs <= WINDOW_MS);
  const before = samples.at(samples.length - inside.length - 1);
  return [...(inside.length < samples.length && before ? [before] : []), ...inside, next];
}

/** Events a second over the window; null: not known yet. */
export function paceOf(samples: readonly Sample[], nowMs: number): number | null {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last || nowMs - first.atMs < LEAST_MS) return null;
  return Math.max(0, last.events - first.events) / ((nowMs - first.atMs) / 1000);
}
