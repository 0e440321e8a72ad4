import type { EngineResource, EngineState } from '../../protocol/engine-api.ts';
import type { StateStore } from '../state.ts';

/** Silence for longer than this would make clients think the engine is gone. */
const HEARTBEAT_MS = 15_000;

/**
 * Server-sent events of one client: the whole state, then each resource that changed. The client pulls: what
 * changes while it is slow is kept once per resource, the latest value, so a slow client costs no memory.
 * @param ended closes the stream
 * @param only these resources; without it all
 */
export function eventStream(
  store: StateStore,
  ended: AbortSignal,
  only?: readonly EngineResource[],
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const changed = new Map<EngineResource, unknown>();
  let wake: (() => void) | null = null;
  let isOver = false;
  const unsubscribe = store.subscribe(({ resource, value }) => {
    if (only && !only.includes(resource)) return;
    changed.set(resource, value);
    wake?.();
  });
  const finish = () => {
    isOver = true;
    unsubscribe();
    ended.removeEventListener('abort', finish);
    wake?.();
  };
  ended.addEventListener('abort', finish);
  if (ended.aborted) finish();
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) =>
        controller.enqueue(encoder.encode(message('state', partOf(store.snapshot(), only)))),
      async pull(controller) {
        if (changed.size === 0 && !isOver) await somethingOr(HEARTBEAT_MS);
        if (isOver) {
          controller.close();
          return;
        }
        const text = [...changed].map(([resource, value]) => message(resource, value)).join('');
        changed.clear();
        controller.enqueue(encoder.encode(text || ': still here\n\n'));
      },
      cancel: finish,
    },
    { highWaterMark: 1 },
  );

  function somethingOr(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      wake = done;
      function done() {
        clearTimeout(timer);
        wake = null;
        resolve();
      }
    });
  }
}

function partOf(state: EngineState, only?: readonly EngineResource[]): Partial<EngineState> {
  return only ? Object.fromEntries(only.map((resource) => [resource, state[resource]])) : state;
}

function message(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
