import { type RunningServer, type ServerOptions, startServer } from './server.ts';

/**
 * Runs a server until the process is asked to end: SIGTERM, SIGINT, or, where a parent started us with an IPC
 * channel, the end of that parent.
 * @param onReady called once it serves
 * @returns when all is closed
 */
export async function runServer(
  options: ServerOptions,
  onReady: (server: RunningServer) => void = () => {},
): Promise<void> {
  const asked = endRequested();
  const server = await startServer(options);
  onReady(server);
  options.log.info(await asked, 'project server ends');
  await server.close();
}

function endRequested(): Promise<{ by: string }> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve({ by: signal }));
    process.once('disconnect', () => resolve({ by: 'parent gone' }));
    if (process.send && !process.connected) resolve({ by: 'parent gone' });
  });
}
