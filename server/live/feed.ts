import { randomBytes } from 'node:crypto';
import { type CampaignOutline, type CampaignPoint, CampaignSummary } from '../../protocol/campaign.ts';
import { applyDelta } from '../../protocol/live.ts';
import type { CampaignReading } from '../campaigns/read.ts';

/** Of an outline, which has more. */
const Summary = CampaignSummary.strip();

/** What a listener is sent, and at which step of its feed it is when it has got it. */
export interface News {
  readonly parts: readonly Uint8Array[];
  readonly step: number;
}

/** A point that somebody wants with its histograms. */
interface Watched {
  listeners: number;
  /** null: not read yet. */
  shown: { readonly point: CampaignPoint; readonly version: string; readonly step: number } | null;
  bytes: Uint8Array | null;
}

/**
 * One campaign as it is now, for any number of listeners: each asks for what is newer than the step it is at. Listeners
 * that keep up share the very same bytes, and who does not is owed nothing but what is newest when it asks. Histograms
 * are held of those points alone that somebody watches.
 */
export class Feed {
  /** Another in each process and time: a listener's step means nothing elsewhere. */
  readonly #id = randomBytes(9).toString('base64url');
  #step = 0;
  #outline: CampaignOutline;
  #summary: string;
  #version: string;
  /** Point -> at which step it changed last, and its version in the store. */
  readonly #points = new Map<number, { readonly step: number; readonly version: string }>();
  readonly #watched = new Map<number, Watched>();
  #snapshot: Uint8Array | null = null;
  /** From the step before. */
  #delta: Uint8Array | null = null;
  readonly #waiting = new Set<() => void>();

  constructor(first: CampaignReading) {
    this.#outline = first.outline;
    this.#summary = JSON.stringify(Summary.parse(first.outline));
    this.#version = first.version;
    this.#note(first);
  }

  /** Of the campaign's row, when it was read last. */
  get version(): string {
    return this.#version;
  }

  /** Without those of which somebody wants the histograms of a newer version than was read. */
  get pointVersions(): Readonly<Record<number, string>> {
    const known = [...this.#points].filter(([index]) => !this.#lags(index));
    return Object.fromEntries(known.map(([index, { version }]) => [index, version]));
  }

  /** Points of which histograms are wanted. */
  get watched(): readonly number[] {
    return [...this.#watched.keys()];
  }

  /** Some of them are still to be read. */
  get isBehind(): boolean {
    return this.watched.some((index) => this.#lags(index));
  }

  #lags(index: number): boolean {
    const one = this.#watched.get(index);
    return one !== undefined && one.shown?.version !== this.#points.get(index)?.version;
  }

  /**
   * From here on the feed holds the histograms of these points.
   * @returns the campaign's own points among them, and what ends it
   */
  watch(indexes: readonly number[]): { readonly points: readonly number[]; readonly leave: () => void } {
    const points = [...new Set(indexes)].filter((index) => this.#points.has(index));
    for (const index of points) {
      const one = this.#watched.get(index) ?? { listeners: 0, shown: null, bytes: null };
      one.listeners += 1;
      this.#watched.set(index, one);
    }
    const leave = () => {
      for (const index of points) {
        const one = this.#watched.get(index);
        if (one) one.listeners -= 1;
        if (one?.listeners === 0) this.#watched.delete(index);
      }
    };
    return { points, leave };
  }

  /** @param reading with the points whose versions are others than `pointVersions`, and what is watched of them whole */
  put(reading: CampaignReading): void {
    const summary = Summary.parse(reading.outline);
    const text = JSON.stringify(summary);
    this.#version = reading.version;
    if (text === this.#summary && reading.outline.points.length === 0) return;
    this.#step += 1;
    this.#summary = text;
    this.#outline = applyDelta(this.#outline, { summary, points: reading.outline.points });
    this.#note(reading);
    this.#snapshot = null;
    this.#delta = null;
    for (const wake of this.#waiting) wake();
  }

  /** Points that somebody began to watch, as they are now; of those that are held already, nothing. */
  putPoints({ whole, pointVersions }: CampaignReading): void {
    for (const point of whole) {
      const one = this.#watched.get(point.index);
      if (one && !one.shown) this.#show(one, point, pointVersions[point.index] ?? '');
    }
  }

  /**
   * What a listener begins with: a snapshot, or what is newer than what it had from this feed before; and its points.
   * @param since the last id it was told
   */
  first(points: readonly number[], since: string | null = null): News {
    const had = this.#stepOf(since);
    const news = had === null ? this.#snapshotNow() : had < this.#step ? this.#deltaSince(had) : null;
    return { parts: [...(news ? [news] : []), ...this.#wholes(points, -1)], step: this.#step };
  }

  /** @returns null where there is nothing newer */
  since(step: number, points: readonly number[]): News | null {
    if (step >= this.#step) return null;
    let delta: Uint8Array;
    if (step < this.#step - 1) delta = this.#deltaSince(step);
    else {
      this.#delta ??= this.#deltaSince(step);
      delta = this.#delta;
    }
    return { parts: [delta, ...this.#wholes(points, step)], step: this.#step };
  }

  /** @returns takes it back */
  onNews(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  #note({ outline, whole, pointVersions }: CampaignReading): void {
    for (const { index } of outline.points)
      this.#points.set(index, { step: this.#step, version: pointVersions[index] ?? '' });
    for (const point of whole) {
      const one = this.#watched.get(point.index);
      if (one) this.#show(one, point, pointVersions[point.index] ?? '');
    }
  }

  #show(one: Watched, point: CampaignPoint, version: string): void {
    one.shown = { point, version, step: this.#step };
    one.bytes = null;
  }

  #snapshotNow(): Uint8Array {
    this.#snapshot ??= message('snapshot', JSON.stringify(this.#outline), this.#told);
    return this.#snapshot;
  }

  #deltaSince(step: number): Uint8Array {
    const points = this.#outline.points.filter(({ index }) => (this.#points.get(index)?.step ?? 0) > step);
    const json = `{"summary":${this.#summary},"points":${JSON.stringify(points)}}`;
    return message('delta', json, this.#told);
  }

  /** Those of these points that have changed since a step. */
  #wholes(points: readonly number[], step: number): Uint8Array[] {
    return points.flatMap((index) => {
      const one = this.#watched.get(index);
      if (!one?.shown || one.shown.step <= step) return [];
      one.bytes ??= message('point', JSON.stringify(one.shown.point));
      return [one.bytes];
    });
  }

  get #told(): string {
    return `${this.#id}.${this.#step}`;
  }

  #stepOf(told: string | null): number | null {
    const [id, step = ''] = told?.split('.') ?? [];
    const had = Number(step);
    return id === this.#id && /^\d{1,15}$/.test(step) && had <= this.#step ? had : null;
  }
}

function message(event: string, json: string, id: string | null = null): Uint8Array {
  return new TextEncoder().encode(`event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: ${json}\n\n`);
}
