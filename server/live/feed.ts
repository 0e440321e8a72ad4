import { type CampaignDetail, CampaignSummary } from '../../protocol/campaign.ts';
import { applyDelta } from '../../protocol/live.ts';
import type { CampaignReading } from '../campaigns/read.ts';

/** Of a detail, which has more. */
const Summary = CampaignSummary.strip();

/** A message and at which step of its feed a listener is who has got it. */
export interface Message {
  readonly bytes: Uint8Array;
  readonly step: number;
}

/**
 * One campaign as it is now, for any number of listeners: each asks for what is newer than the step it is at. Listeners
 * that keep up share the very same bytes, and who does not is owed nothing but what is newest when it asks.
 */
export class Feed {
  #step = 0;
  #detail: CampaignDetail;
  #summary: string;
  #version: string;
  /** Point -> at which step it changed last, and its version in the store. */
  readonly #points = new Map<number, { readonly step: number; readonly version: string }>();
  #snapshot: Uint8Array | null = null;
  /** From the step before. */
  #delta: Uint8Array | null = null;
  readonly #waiting = new Set<() => void>();

  constructor(first: CampaignReading) {
    this.#detail = first.detail;
    this.#summary = JSON.stringify(Summary.parse(first.detail));
    this.#version = first.version;
    this.#note(first);
  }

  /** Of the campaign's row, when it was read last. */
  get version(): string {
    return this.#version;
  }

  get pointVersions(): Readonly<Record<number, string>> {
    return Object.fromEntries([...this.#points].map(([index, { version }]) => [index, version]));
  }

  /** @param reading with the points whose versions are others than `pointVersions` */
  put(reading: CampaignReading): void {
    const summary = Summary.parse(reading.detail);
    const text = JSON.stringify(summary);
    this.#version = reading.version;
    if (text === this.#summary && reading.detail.points.length === 0) return;
    this.#step += 1;
    this.#summary = text;
    this.#detail = applyDelta(this.#detail, { summary, points: reading.detail.points });
    this.#note(reading);
    this.#snapshot = null;
    this.#delta = null;
    for (const wake of this.#waiting) wake();
  }

  snapshot(): Message {
    this.#snapshot ??= message('snapshot', JSON.stringify(this.#detail));
    return { bytes: this.#snapshot, step: this.#step };
  }

  /** @returns null where there is nothing newer */
  since(step: number): Message | null {
    if (step >= this.#step) return null;
    if (step < this.#step - 1) return { bytes: this.#deltaSince(step), step: this.#step };
    this.#delta ??= this.#deltaSince(step);
    return { bytes: this.#delta, step: this.#step };
  }

  /** @returns takes it back */
  onNews(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  #note({ detail, pointVersions }: CampaignReading): void {
    for (const { index } of detail.points)
      this.#points.set(index, { step: this.#step, version: pointVersions[index] ?? '' });
  }

  #deltaSince(step: number): Uint8Array {
    const points = this.#detail.points.filter(({ index }) => (this.#points.get(index)?.step ?? 0) > step);
    return message('delta', `{"summary":${this.#summary},"points":${JSON.stringify(points)}}`);
  }
}

function message(event: string, json: string): Uint8Array {
  return new TextEncoder().encode(`event: ${event}\ndata: ${json}\n\n`);
}
