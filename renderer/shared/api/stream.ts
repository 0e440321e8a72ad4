import { createParser } from 'eventsource-parser';
import type { ZodType } from 'zod';
import { type EngineResource, EngineState } from '../../../protocol/engine-api.ts';
import { type EngineClient, parse } from './client.ts';
import { ProtocolMismatch, TokenRefused } from './errors.ts';
import { retryDelayMs } from './retry.ts';

export type StreamStatus =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** Tried and failed, or was cut; the next try is at `retryAt` (ms since the epoch). */
  | { readonly state: 'lost'; readonly retryAt: number }
  /** For good: another link is needed. */
  | { readonly state: 'refused' }
  /** For good: the page must be loaded anew. */
  | { readonly state: 'mismatch' };

export interface StreamListener {
  onStatus(status: StreamStatus): void;
  onSnapshot(state: EngineState): void;
  onDelta<K extends EngineResource>(key: K, value: EngineState[K]): void;
}

export interface StateStream {
  /** Does not wait for the pause between two tries. */
  retryNow(): void;
  close(): void;
}

/** A stream that says nothing for this long is dead: the engine sends at least a comment in that time. */
const SILENCE_MS = 45_000;

/**
 * Follows the engine: a snapshot first, then a delta for each changed resource; connects again, with growing pauses,
 * whenever the stream ends, and then starts from a new snapshot, so that nothing missed is kept.
 */
export function followEngine(client: EngineClient, listener: StreamListener): StateStream {
  const closed = new AbortController();
  let wake: (() => void) | null = null;
  void run();
  return {
    retryNow: () => wake?.(),
    close: () => closed.abort(),
  };

  async function run(): Promise<void> {
    let failures = 0;
    while (!closed.signal.aborted) {
      listener.onStatus({ state: 'connecting' });
      try {
        await readOnce(() => {
          failures = 0;
        });
      } catch (error) {
        if (closed.signal.aborted) return;
        if (error instanceof TokenRefused) return listener.onStatus({ state: 'refused' });
        if (error instanceof ProtocolMismatch) return listener.onStatus({ state: 'mismatch' });
      }
      if (closed.signal.aborted) return;
      const delay = retryDelayMs(failures, Math.random());
      failures += 1;
      listener.onStatus({ state: 'lost', retryAt: Date.now() + delay });
      await pauseFor(delay);
    }
  }

  /** Resolves when the engine ends the stream; rejects on any error. */
  async function readOnce(onSnapshot: () => void): Promise<void> {
    const attempt = new AbortController();
    const giveUp = () => attempt.abort();
    closed.signal.addEventListener('abort', giveUp, { once: true });
    let silence = setTimeout(giveUp, SILENCE_MS);
    const decoder = new TextDecoder();
    const parser = createParser({ onEvent: ({ event, data }) => take(event ?? '', data, onSnapshot) });
    try {
      const reader = (await client.events(attempt.signal)).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(silence);
        silence = setTimeout(giveUp, SILENCE_MS);
        parser.feed(decoder.decode(value, { stream: true }));
      }
    } finally {
      clearTimeout(silence);
      closed.signal.removeEventListener('abort', giveUp);
      attempt.abort();
    }
  }

  function take(event: string, data: string, onSnapshot: () => void): void {
    const value = json(data);
    if (event === 'state') {
      listener.onSnapshot(parse(EngineState, value));
      listener.onStatus({ state: 'live' });
      onSnapshot();
    } else if (isResource(event)) {
      takeDelta(event, value);
    }
    // Any other name is from a newer engine and of no use to this page.
  }

  function takeDelta<K extends EngineResource>(key: K, value: unknown): void {
    const schema = EngineState.shape[key] as unknown as ZodType<EngineState[K]>;
    listener.onDelta(key, parse(schema, value));
  }

  function pauseFor(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        closed.signal.removeEventListener('abort', done);
        wake = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      closed.signal.addEventListener('abort', done, { once: true });
      wake = done;
    });
  }
}

function isResource(name: string): name is EngineResource {
  return name in EngineState.shape;
}

function json(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (error) {
    throw new ProtocolMismatch(error);
  }
}
