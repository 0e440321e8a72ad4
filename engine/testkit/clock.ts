import type { Clock } from '../clock.ts';

/** A clock that stands still until a test turns it. */
export class ManualClock implements Clock {
  #monotonic = 0;
  #wall: number;
  #timers: { at: number; action: () => void }[] = [];

  constructor(wall = Date.UTC(2026, 10, 24, 12)) {
    this.#wall = wall;
  }

  now(): number {
    return this.#wall + this.#monotonic;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#monotonic + Math.max(0, ms), action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets `ms` pass, firing what falls due in its order. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#monotonic = Math.max(this.#monotonic, due.at);
      due.action();
    }
    this.#monotonic = end;
  }

  /** Sets the wall clock off by `ms`, as a person or NTP does; no timer fires. */
  jumpWall(ms: number): void {
    this.#wall += ms;
  }

  get pending(): number {
    return this.#timers.length;
  }
}

/** A clock that runs as the system's, and of which a test can skip a part: what falls due meanwhile happens at once. */
export class SkippingClock implements Clock {
  #skippedMs = 0;
  #wallOffMs = 0;
  #timers = new Set<{ readonly atMs: number; readonly action: () => void; handle: NodeJS.Timeout | null }>();

  now(): number {
    return Date.now() + this.#skippedMs + this.#wallOffMs;
  }

  monotonic(): number {
    return performance.now() + this.#skippedMs;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { atMs: this.monotonic() + ms, action, handle: null as NodeJS.Timeout | null };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      this.#timers.delete(timer);
      if (timer.handle) clearTimeout(timer.handle);
    };
  }

  skip(ms: number): void {
    this.#skippedMs += ms;
    for (const timer of this.#timers) this.#arm(timer);
  }

  /** Sets the wall clock off by `ms`; nothing falls due. */
  jumpWall(ms: number): void {
    this.#wallOffMs += ms;
  }

  #arm(timer: { readonly atMs: number; readonly action: () => void; handle: NodeJS.Timeout | null }): void {
    if (timer.handle) clearTimeout(timer.handle);
    timer.handle = setTimeout(
      () => {
        this.#timers.delete(timer);
        timer.action();
      },
      Math.max(0, timer.atMs - this.monotonic()),
    );
    timer.handle.unref();
  }
}
