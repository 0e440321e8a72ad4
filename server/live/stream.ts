import { HEARTBEAT_MS } from '../../protocol/live.ts';
import type { Feed } from './feed.ts';

const STILL_HERE = new TextEncoder().encode(': still here\n\n');

/**
 * Server-sent events of one listener. Nothing is made before the client has read what it got: a slow one costs no memory.
 * @param options.points whose histograms it wants
 * @param options.since the last id it was told
 * @param ended closes the stream
 * @param onEnd called once, however it ends
 */
export function feedStream(
  feed: Feed,
  options: { readonly points: readonly number[]; readonly since: string | null },
  ended: AbortSignal,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const { points, since } = options;
  let step = 0;
  let isOver = false;
  let wake = () => {};
  const forget = feed.onNews(() => wake());
  const finish = () => {
    if (isOver) return;
    isOver = true;
    forget();
    ended.removeEventListener('abort', finish);
    onEnd();
    wake();
  };
  ended.addEventListener('abort', finish);
  if (ended.aborted) finish();
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const first = feed.first(points, since);
        step = first.step;
        for (const part of first.parts) controller.enqueue(part);
      },
      async pull(controller) {
        let news = feed.since(step, points);
        if (!news && !isOver) {
          await somethingOr(HEARTBEAT_MS);
          news = feed.since(step, points);
        }
        if (isOver) {
          controller.close();
          return;
        }
        step = news?.step ?? step;
        for (const part of news?.parts ?? [STILL_HERE]) controller.enqueue(part);
      },
      cancel: finish,
    },
    // Not one message ahead of the reader.
    { highWaterMark: 0 },
  );

  function somethingOr(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      wake = done;
      function done() {
        clearTimeout(timer);
        wake = () => {};
        resolve();
      }
    });
  }
}
