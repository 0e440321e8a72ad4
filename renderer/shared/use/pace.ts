/** How often a window is drawn anew that nobody attends to: numbers may be so old there. */
export const CALM_MS = 20_000;

/** Calls on each multiple of CALM_MS, so that all who wait for one share a frame. @returns stops it */
export function everyCalmBeat(act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = () => {
    timer = setTimeout(
      () => {
        act();
        wait();
      },
      CALM_MS - (Date.now() % CALM_MS),
    );
  };
  wait();
  return () => clearTimeout(timer);
}

/** Who has not touched the window that has the focus for so long has gone, or lets it run beside other things. */
const ATTENDED_MS = 30_000;
const TOUCHES = ['pointermove', 'pointerdown', 'wheel', 'keydown', 'focus'];

/**
 * Puts off what is only looked at: done at once where somebody attends to the window, on the calm beat where it is merely
 * open, and when it is looked at again where it is hidden. Of what is put off under one name the latest counts.
 */
export class Seen {
  readonly #waiting = new Map<string, () => void>();
  /** Opened a moment ago, it is attended to. */
  #touchedAt = performance.now();

  /** For the life of the page. */
  constructor() {
    for (const name of TOUCHES) addEventListener(name, () => this.#touch(), { passive: true, capture: true });
    document.addEventListener('visibilitychange', () => this.#doAll());
    everyCalmBeat(() => this.#doAll());
  }

  /** @param mayWait otherwise it is done at once, whoever looks */
  show(name: string, act: () => void, mayWait: boolean): void {
    this.#waiting.delete(name);
    if (!mayWait || (document.hasFocus() && !this.#isLeft())) act();
    else this.#waiting.set(name, act);
  }

  /** What waits is out of date. */
  forget(): void {
    this.#waiting.clear();
  }

  #isLeft(): boolean {
    return performance.now() - this.#touchedAt > ATTENDED_MS;
  }

  #touch(): void {
    this.#touchedAt = performance.now();
    this.#doAll();
  }

  #doAll(): void {
    if (document.hidden) return;
    for (const act of this.#waiting.values()) act();
    this.#waiting.clear();
  }
}
