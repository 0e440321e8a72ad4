// The project server of the bench, in a process of its own as in real life:  fork(this file, [DATA FOLDER, DATABASE])
import { makeLogger } from '../../platform/log.ts';
import { runServer } from '../../server/main.ts';

export interface ServerReady {
  readonly url: string;
  readonly staffToken: string;
}

/** Answer to any message. */
export interface ServerCpu {
  readonly cpuSeconds: number;
  /** Resident. */
  readonly memoryBytes: number;
}

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const memoryBytes = process.memoryUsage.rss();
  process.send?.({ cpuSeconds: (user + system) / 1e6, memoryBytes } satisfies ServerCpu);
});
const [dataFolder = '', url] = process.argv.slice(2);
process.env.BEAMTIME_LOG ??= 'warn';
await runServer(
  {
    dataFolder,
    host: '127.0.0.1',
    port: 0,
    name: 'Bench',
    log: makeLogger('bench-server'),
    ...(url === undefined ? {} : { database: { url } }),
  },
  ({ url, staffToken }) => process.send?.({ url, staffToken } satisfies ServerReady),
);
if (process.connected) process.disconnect?.();
