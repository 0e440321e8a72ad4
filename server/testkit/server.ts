import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type RunningServer, type ServerOptions, startServer } from '../server.ts';

/** Silent: what a test wants to know is in the answers. BEAMTIME_LOG=debug shows all the same. */
export const quiet = pino({ level: process.env.BEAMTIME_LOG ?? 'silent' });

/** Of tables that hardly hold anything. */
export const FEW_BUFFERS_MB = 4;

/** A project server of this process on a folder of its own, which can be stopped and started again. */
export interface TestServer {
  readonly folder: string;
  readonly url: string;
  readonly staffToken: string;
  readonly invitation: string;
  readonly app: RunningServer['app'];
  stop(): Promise<void>;
  /** @param folder where its data folder is now */
  restart(folder?: string): Promise<void>;
  remove(): Promise<void>;
}

export async function testServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  let folder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), 'beamtime-server-')));
  const start = (port: number) =>
    startServer({
      ...{ host: '127.0.0.1', port, name: 'Test', log: quiet, storeBuffersMb: FEW_BUFFERS_MB },
      ...options,
      dataFolder: folder,
    });
  let running: RunningServer = await start(0);
  return {
    get folder() {
      return folder;
    },
    get url() {
      return running.url;
    },
    get staffToken() {
      return running.staffToken;
    },
    get invitation() {
      return running.invitation;
    },
    get app() {
      return running.app;
    },
    stop: () => running.close(),
    async restart(moved = folder) {
      const { port } = new URL(running.url);
      await running.close();
      folder = moved;
      running = await start(Number(port));
    },
    async remove() {
      await running.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
