import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { API_PREFIX } from '../../protocol/project-api.ts';
import type { BenchProject } from '../dispatch/project.ts';

export interface Streams {
  readonly listeners: number;
  /** Of the servers, for each listener. */
  readonly bytesEach: number;
  /** From the first to the last of them who hears of one change. */
  readonly spreadMs: number;
  /** From the change until the last has heard of it. */
  readonly lastMs: number;
}

/** Follows the campaign many times over plain sockets, a page's worth of reading each, and times one change. */
export async function streams(
  project: BenchProject,
  listeners: number,
  change: () => Promise<void>,
): Promise<Streams> {
  const before = await project.memoryBytes();
  const sockets: Socket[] = [];
  let snapshots = 0;
  const heard: number[] = [];
  try {
    for (let i = 0; i < listeners; i++) {
      const url = new URL(project.urls[i % project.urls.length] ?? '');
      const socket = connect(Number(url.port), url.hostname);
      sockets.push(socket);
      socket.on('error', () => {}); // seen by who counts snapshots
      let hasHeard = false;
      socket.on('data', (bytes: Buffer) => {
        if (bytes.includes('event: snapshot')) snapshots++;
        if (!hasHeard && bytes.includes('event: delta')) {
          hasHeard = true;
          heard.push(performance.now());
        }
      });
      socket.write(
        `GET ${API_PREFIX}/campaigns/${project.campaign.name}/events HTTP/1.1\r\nhost: ${url.host}\r\naccept: text/event-stream\r\n\r\n`,
      );
      // As people come; all in one moment would measure the accept queue.
      if (i % 200 === 199) await until(() => snapshots > i - 200, 'snapshots');
    }
    await until(() => snapshots === listeners, 'all snapshots');
    await delay(2000);
    const bytesEach = ((await project.memoryBytes()) - before) / listeners;
    const from = performance.now();
    await change();
    await until(() => heard.length === listeners, 'the change with all');
    const first = Math.min(...heard);
    const last = Math.max(...heard);
    return { listeners, bytesEach, spreadMs: last - first, lastMs: last - from };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !isSo(); await delay(10))
    if (Date.now() > end) throw new Error(`${what}: not within a minute`);
}
