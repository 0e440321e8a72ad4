import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { ManualClock } from '../testkit/clock.ts';
import { ProjectClient } from './client.ts';
import { Throttle } from './throttle.ts';

/** Turns the clock until it is over. @returns milliseconds of the clock */
async function lasts(clock: ManualClock, work: Promise<unknown>): Promise<number> {
  const startedAt = clock.monotonic();
  let isOver = false;
  void work.finally(() => {
    isOver = true;
  });
  for (let turn = 0; !isOver && turn < 10_000; turn++) {
    await new Promise(setImmediate);
    if (!isOver) clock.advance(50);
  }
  return clock.monotonic() - startedAt;
}

test('without a limit nothing waits', async () => {
  const throttle = new Throttle(() => null, new ManualClock());
  await Promise.all([throttle.take(1e9), throttle.take(1e9)]);
  expect(throttle.pieceBytes(1_000_000)).toBe(1_000_000);
});

test('all together take as long as the limit says, in their order', async () => {
  const clock = new ManualClock();
  const throttle = new Throttle(() => 100, clock);
  const order: number[] = [];
  const pieces = Array.from({ length: 20 }, (_, i) =>
    throttle.take(50_000).then(() => {
      order.push(i);
    }),
  );
  // A million bytes at a hundred thousand a second; the last piece need not have run out.
  const ms = await lasts(clock, Promise.all(pieces));
  expect(ms).toBeGreaterThan(9_000);
  expect(ms).toBeLessThan(10_500);
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(throttle.pieceBytes(1_000_000)).toBe(100_000);
});

test('a limit that is lifted or changed counts within half a second, and who gives up is out', async () => {
  const clock = new ManualClock();
  let kbps: number | null = 8;
  const throttle = new Throttle(() => kbps, clock);
  await throttle.take(8_000_000);
  const gone = new AbortController();
  const given = throttle.take(1, gone.signal);
  const waiting = throttle.take(1);
  gone.abort(new Error('no more'));
  const refused = expect(given).rejects.toThrow('no more');
  clock.advance(600);
  await refused;
  kbps = null;
  expect(await lasts(clock, waiting)).toBeLessThan(1_000);
});

test('downloads and uploads of a real server keep to it together', async () => {
  const bytes = Buffer.alloc(150_000, 7);
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.method === 'GET') response.end(bytes);
      else response.end(JSON.stringify({ offset: 150_000, complete: true }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as { port: number };
    const throttle = new Throttle(() => 200, systemClock);
    const options = { url: `http://127.0.0.1:${port}`, token: null, clock: systemClock, throttle };
    const client = new ProjectClient(options);
    const startedAt = performance.now();
    const download = async () => {
      let got = 0;
      const { chunks } = await client.object('a'.repeat(64), 0, new AbortController().signal);
      for await (const chunk of chunks) got += chunk.length;
      return got;
    };
    const upload = () => client.upload('b'.repeat(64), 0, 150_000, new Uint8Array(bytes));
    const [got] = await Promise.all([download(), upload(), upload()]);
    expect(got).toBe(150_000);
    // 450 kB at 200 kB/s; the last piece goes as soon as those before it are paid for.
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
