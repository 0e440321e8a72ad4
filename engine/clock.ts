/** Time as the engine's parts see it, so that tests can turn it by hand. */
export interface Clock {
  /** Wall clock, milliseconds since 1970; jumps when the person or NTP sets it. */
  now(): number;
  /** Milliseconds from an arbitrary start; never jumps, never runs backwards. */
  monotonic(): number;
  /** Calls `action` once after `ms`; the answer cancels it. Never keeps the process alive by itself. */
  after(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
